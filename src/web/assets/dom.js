/** What the pages' scripts share. Plain DOM calls: text never becomes markup. */

export const PHASE_LABEL = {
  'add-piece': 'AP',
  precommit1: 'PC1',
  precommit2: 'PC2',
  commit1: 'C1',
  commit2: 'C2',
  landing: 'Landing',
  'clear-cache': 'Clear',
  unseal: 'Unseal',
  'remove-files': 'Remove',
};

const SVG = 'http://www.w3.org/2000/svg';
export const number = new Intl.NumberFormat('en');

export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

export function count(n, thing) {
  return `${number.format(n)} ${thing}${n === 1 ? '' : 's'}`;
}

export function duration(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}

let lastAnswer = 0;

/**
 * Asks the server and shows what it answers; says in the page's head how fresh that is. A session that has ended leads
 * to the login.
 */
export async function refreshFrom(path, show) {
  const freshness = document.getElementById('freshness');
  try {
    const answer = await fetch(path, {
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(10_000),
    });
    if (answer.status === 401) {
      location.assign('/login');
      return;
    }
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    const content = await answer.json();
    show(content);
    lastAnswer = Date.now();
    freshness.className = '';
    freshness.textContent = `As of ${new Date(content.at).toLocaleTimeString()}`;
  } catch (error) {
    freshness.className = 'alert';
    const age = lastAnswer === 0 ? '' : ` What is shown is ${duration(Date.now() - lastAnswer)} old.`;
    freshness.textContent = `No fresh data: ${error.message}.${age}`;
  }
}
