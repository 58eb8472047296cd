/** Fills the overview from `/api/overview` every two seconds. */

import { count, duration, element, number, PHASE_LABEL, refreshFrom, svg } from './dom.js';

const PHASE_ORDER = [
  'add-piece',
  'precommit1',
  'precommit2',
  'commit1',
  'commit2',
  'landing',
  'clear-cache',
  'unseal',
];
const ALWAYS_SHOWN = new Set([
  'AddPiece',
  'PreCommit1',
  'PreCommit2',
  'WaitSeed',
  'Commit2',
  'Proving',
  'Parked',
]);

/** `950`, `3K`, `12K`: as wide as a bar of the chart. */
const shortNumber = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 2 });

/** One tile a state, in the order a sector passes them; the height of its bar is the share of all sectors. */
function drawPipeline(overview) {
  const shown = overview.states.filter((s) => s.sectors > 0 || ALWAYS_SHOWN.has(s.state));
  const most = Math.max(1, ...shown.map((s) => s.sectors));
  const tiles = shown.map(({ state, sectors }) => {
    const bar = element('span', { class: 'bar', 'aria-hidden': 'true' });
    bar.style.setProperty('--share', String(Math.sqrt(sectors / most)));
    return element(
      'li',
      { class: `state state-${state}${sectors === 0 ? ' none' : ''}` },
      bar,
      element('strong', {}, number.format(sectors)),
      element('span', { class: 'name' }, state),
    );
  });
  const miners = overview.miners.map((m) => `${m.miner}: ${number.format(m.sectors)}`).join(' · ');
  const summary =
    overview.total === 0
      ? 'No sector yet. Pledge one with: beepro sector pledge --miner t01000'
      : `${count(overview.total, 'sector')}${overview.miners.length > 1 ? ` (${miners})` : ''}`;
  const waiting =
    overview.waiting.length === 0
      ? 'No job waits.'
      : `Waiting jobs: ${overview.waiting.map((w) => `${PHASE_LABEL[w.phase] ?? w.phase} ${number.format(w.runs)}`).join(', ')}`;
  return [
    element('p', {}, summary),
    element('ol', { class: 'pipeline' }, ...tiles),
    element('p', { class: 'hint' }, waiting),
  ];
}

function drawParked(parked, all) {
  const rows = parked.map((p) =>
    element(
      'tr',
      {},
      element('td', {}, p.sector),
      element('td', {}, p.from),
      element('td', {}, element('code', {}, p.code)),
      element('td', {}, p.reason),
      element('td', {}, duration(Date.now() - Date.parse(p.since))),
    ),
  );
  const table = element(
    'table',
    {},
    element(
      'thead',
      {},
      element(
        'tr',
        {},
        ...['Sector', 'Stopped in', 'Code', 'Reason', 'For'].map((t) => element('th', { scope: 'col' }, t)),
      ),
    ),
    element('tbody', {}, ...rows),
  );
  if (all <= parked.length) return [table];
  const note = `The newest ${parked.length} of ${number.format(all)}; all of them: beepro sector list --state Parked`;
  return [table, element('p', { class: 'hint' }, note)];
}

function runChip(run) {
  const bar = element('span', { class: 'progress', 'aria-hidden': 'true' });
  if (run.fraction !== null) bar.style.setProperty('--share', String(run.fraction));
  const again = run.attempt > 1 ? ` · attempt ${run.attempt}` : '';
  const percent = run.fraction === null ? '' : ` · ${Math.round(run.fraction * 100)} %`;
  return element(
    'li',
    { class: `run run-${run.phase}` },
    element('b', {}, PHASE_LABEL[run.phase] ?? run.phase),
    ` ${run.sector} · ${duration(run.elapsedMs)}${percent}${again}`,
    bar,
  );
}

function drawWorkers(workers, all) {
  if (workers.length === 0) return [element('p', {}, 'No worker yet. Start one with: beepro run worker')];
  const cards = workers.map((worker) => {
    const runs = worker.runs.toSorted((a, b) => PHASE_ORDER.indexOf(a.phase) - PHASE_ORDER.indexOf(b.phase));
    const note = worker.silent ? `silent for ${duration(worker.heartbeatAgeMs)}` : worker.state;
    return element(
      'article',
      { class: `worker${worker.silent ? ' silent' : ''}` },
      element('h3', {}, worker.standIn ? `${worker.name} (stand-in: ${worker.standIn})` : worker.name),
      element(
        'p',
        { class: 'hint' },
        `${note} · class ${worker.class || 'none'} · ${count(worker.sectors, 'sector')} · `,
        element('a', { href: `/queues-of/${encodeURIComponent(worker.name)}` }, 'queues'),
      ),
      runs.length === 0
        ? element('p', { class: 'idle' }, 'idle')
        : element('ul', { class: 'runs' }, ...runs.map(runChip)),
    );
  });
  const board = element('div', { class: 'workers' }, ...cards);
  if (all <= workers.length) return [board];
  const note = `The busiest ${workers.length} of ${number.format(all)}; all of them: beepro worker list`;
  return [board, element('p', { class: 'hint' }, note)];
}

function drawProving(hours) {
  const most = Math.max(1, ...hours);
  const width = 20;
  const height = 96;
  const bars = hours.map((sectors, i) => {
    const tall = Math.round((sectors / most) * (height - 20));
    const label = `${hours.length - 1 - i} h ago: ${sectors}`;
    const parts = [svg('title', {}, label)];
    const group = svg(
      'g',
      {},
      ...parts,
      svg('rect', {
        x: i * width + 2,
        y: height - 4 - tall,
        width: width - 4,
        height: Math.max(tall, 1),
        class: sectors ? 'some' : 'none',
      }),
    );
    if (sectors > 0)
      group.append(
        svg(
          'text',
          { x: i * width + width / 2, y: height - 8 - tall, 'text-anchor': 'middle' },
          sectors < 1000 ? String(sectors) : shortNumber.format(sectors),
        ),
      );
    return group;
  });
  const total = hours.reduce((a, b) => a + b, 0);
  const picture = svg(
    'svg',
    {
      viewBox: `0 0 ${hours.length * width} ${height}`,
      role: 'img',
      'aria-label': `${total} sectors reached Proving in the last ${hours.length} hours`,
    },
    ...bars,
  );
  return [
    element('p', {}, `${number.format(total)} in the last ${hours.length} hours; now is at the right.`),
    picture,
  ];
}

function show(overview) {
  document.getElementById('pipeline').replaceChildren(...drawPipeline(overview));
  const parked = overview.states.find(({ state }) => state === 'Parked')?.sectors ?? 0;
  document.getElementById('parked-section').hidden = overview.parked.length === 0;
  document.getElementById('parked').replaceChildren(...drawParked(overview.parked, parked));
  document.getElementById('workers').replaceChildren(...drawWorkers(overview.workers, overview.workerCount));
  document.getElementById('proving').replaceChildren(...drawProving(overview.proving));
}

async function refresh() {
  await refreshFrom('/api/overview', show);
  setTimeout(refresh, 2000);
}

refresh();
