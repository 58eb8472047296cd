/** Fills the page of the Lotus nodes from `/api/chain` every few seconds. */

import { count, duration, element, number, refreshFrom, svg } from './dom.js';

const REFRESH_MS = 3000;
/** The states in which a node is not asked although it should be. */
const TROUBLED = new Set(['out', 'lagging', 'ahead', 'foreign', 'silent']);
const WORDS = {
  ready: 'in rotation',
  unknown: 'not looked at yet',
  unseen: 'not looked at yet',
  out: 'out: it fails',
  lagging: 'out: it lags',
  ahead: 'out: ahead of the chain',
  foreign: 'refused: another chain',
  silent: 'nothing heard of it',
};
const WIDTH = 120;
const HEIGHT = 26;

function latencyText(ms) {
  if (ms === null) return '–';
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

function percent(share) {
  return `${(100 * share).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;
}

/** A curve of the newest looks, with a gap where there was no answer; `limit` draws a line that is not to be crossed. */
function sparkline(values, label, limit) {
  const known = values.filter((value) => value !== null);
  const most = Math.max(1, ...known, limit === undefined ? 0 : limit * 1.25);
  const x = (i) => (values.length < 2 ? WIDTH : (i / (values.length - 1)) * WIDTH);
  const y = (value) => HEIGHT - 2 - (value / most) * (HEIGHT - 4);
  let path = '';
  let isOpen = false;
  for (const [i, value] of values.entries()) {
    if (value === null) {
      isOpen = false;
      continue;
    }
    path += `${isOpen ? 'L' : 'M'}${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
    // A look alone between two gaps is a point.
    if (!isOpen && (values[i + 1] ?? null) === null) path += 'h0.1';
    isOpen = true;
  }
  const picture = svg('svg', {
    class: 'spark',
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    preserveAspectRatio: 'none',
    role: 'img',
    'aria-label': label,
  });
  picture.append(svg('title', {}, label));
  if (limit !== undefined)
    picture.append(svg('line', { class: 'limit', x1: 0, x2: WIDTH, y1: y(limit), y2: y(limit) }));
  picture.append(svg('path', { d: path }));
  return picture;
}

function curve(name, values, text, limit) {
  const looks = count(values.length, 'look');
  const label = `${name} at the last ${looks}, now ${text}${limit === undefined ? '' : `, limit ${limit}`}`;
  return element(
    'div',
    { class: 'curve-row' },
    element('span', { class: 'name' }, name),
    sparkline(values, label, limit),
    element('span', { class: 'figures' }, text),
  );
}

function drawNode(node, place, maxLag) {
  const troubled = TROUBLED.has(node.state);
  const mark = node.state === 'ready' ? 'badge on' : troubled ? 'badge off' : 'badge';
  const height = node.height === null ? 'no head seen' : `head ${number.format(node.height)}`;
  const heard = node.ageMs === null ? '' : ` · seen ${duration(node.ageMs)} ago`;
  const lag = node.lag === null ? '–' : count(node.lag, 'epoch');
  const [lags, latencies, errors] = [0, 1, 2].map((field) => node.recent.map((look) => look[field]));
  const card = element(
    'article',
    { class: `worker${troubled ? ' silent' : ''}` },
    element('h3', {}, node.node, ' ', element('span', { class: mark }, WORDS[node.state] ?? node.state)),
    element('p', { class: 'hint', title: node.url }, `${place + 1}. in chain.nodes · ${height}${heard}`),
  );
  if (node.reason) {
    const reason = element('p', { class: `reason${troubled ? ' alert' : ''}` });
    if (node.code) reason.append(element('code', {}, node.code), ' ');
    reason.append(node.reason);
    card.append(reason);
  }
  card.append(
    curve('lag', lags, lag, maxLag),
    curve('latency', latencies, latencyText(node.latencyMs)),
    curve(
      'errors',
      errors.map((share) => share * 100),
      percent(node.errorRate),
    ),
    element('p', { class: 'hint' }, `${count(node.calls, 'call')}, ${number.format(node.errors)} failed`),
  );
  return card;
}

function summary({ nodes, chain, maxLag }) {
  if (nodes.length === 0)
    return 'No node yet. Add one with: beepro chain add http://HOST:1234/rpc/v1 --token file:/PATH';
  const ready = nodes.filter(({ state }) => state === 'ready').length;
  const which = chain
    ? ` This installation belongs to ${chain.network}, network version ${chain.version}.`
    : ' No chain is recorded yet.';
  return `${number.format(ready)} of ${count(nodes.length, 'node')} in rotation; one may be ${count(maxLag, 'epoch')} behind.${which}`;
}

function alarms({ nodes }) {
  const lines = nodes
    .filter(({ state }) => state === 'foreign')
    .map(({ node, reason }) => `${node} serves another chain and is refused: ${reason}`);
  if (nodes.length > 0 && nodes.every(({ state }) => TROUBLED.has(state)))
    lines.push('No node can be asked: nothing is sealed, sent or watched until one is back.');
  if (nodes.some(({ code }) => code === 'CHAIN_CLOCK_DISAGREES'))
    lines.push(
      'Every node disagrees with the coordinator’s clock: set it by NTP, or the chain stands still.',
    );
  return lines.map((line) => element('p', { class: 'alert' }, line));
}

function show(content) {
  document.getElementById('alarms').replaceChildren(...alarms(content));
  document.getElementById('summary').textContent = summary(content);
  const cards = content.nodes.map((node, place) => drawNode(node, place, content.maxLag));
  document.getElementById('nodes').replaceChildren(element('div', { class: 'workers' }, ...cards));
}

async function refresh() {
  await refreshFrom('/api/chain', show);
  setTimeout(refresh, REFRESH_MS);
}

refresh();
