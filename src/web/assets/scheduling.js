/** Fills the scheduling page from `/api/scheduling` every few seconds, and asks `/api/why` on demand. */

import { count, duration, element, number, PHASE_LABEL, refreshFrom } from './dom.js';

const REFRESH_MS = 3000;
const LABELS = { ...PHASE_LABEL, 'window-post': 'WindowPoSt', 'winning-post': 'WinningPoSt' };
const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

function label(phase) {
  return LABELS[phase] ?? phase;
}

function bytes(n) {
  let value = Math.max(0, n);
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value.toFixed(value >= 100 || Number.isInteger(value) ? 0 : 1)} ${UNITS[unit]}`;
}

/** An amount in attoFIL, as FIL with at most four decimals. */
function fil(atto) {
  const value = Number(BigInt(atto) / 10n ** 12n) / 1e6;
  return `${new Intl.NumberFormat('en', { maximumSignificantDigits: 5 }).format(value)} FIL`;
}

/** A bar that is full to `share`; `mark` draws a line at a second share. */
function meter(name, share, text, { mark, title } = {}) {
  const bar = element('span', { class: `meter${share > 1 ? ' over' : ''}`, 'aria-hidden': 'true' });
  bar.style.setProperty('--share', String(Math.max(0, Math.min(1, share))));
  if (mark !== undefined) {
    bar.classList.add('marked');
    bar.style.setProperty('--mark', String(Math.max(0, Math.min(1, mark))));
  }
  const row = element('div', { class: 'meter-row' }, element('span', { class: 'name' }, name), bar);
  row.append(element('span', { class: 'figures' }, text));
  if (title) row.title = title;
  return row;
}

function table(titles, rows) {
  const heads = titles.map((title) => element('th', { scope: 'col' }, title));
  return element(
    'table',
    {},
    element('thead', {}, element('tr', {}, ...heads)),
    element(
      'tbody',
      {},
      ...rows.map((cells) => element('tr', {}, ...cells.map((cell) => element('td', {}, cell)))),
    ),
  );
}

function drawPledging(states) {
  if (states.length === 0) return [element('p', {}, 'No miner yet. Add one with: beepro miner add t01000')];
  const cards = states.map((state) => {
    const { decision } = state;
    const facts = decision?.facts ?? {};
    const lines = [
      element(
        'h3',
        {},
        `t0${state.miner} `,
        element('span', { class: state.enabled ? 'badge on' : 'badge' }, state.enabled ? 'on' : 'off'),
      ),
      element('p', { class: 'reason' }, decision ? decision.reason : 'No sealing role has decided yet.'),
    ];
    if (decision && state.enabled) {
      const last = decision.lastPledgedAt
        ? `last pledged ${duration(Date.now() - Date.parse(decision.lastPledgedAt))} ago`
        : 'nothing pledged yet';
      lines.push(element('p', { class: 'hint' }, `decided ${duration(decision.ageMs)} ago · ${last}`));
    }
    if (facts.inFlight !== undefined) {
      const ceiling = state.maxInFlight;
      const parked = facts.parked ? `, ${facts.parked} parked` : '';
      const most = ceiling === 0 ? 'no ceiling' : `of ${number.format(ceiling)}`;
      const share = ceiling === 0 ? 0 : facts.inFlight / ceiling;
      lines.push(meter('in flight', share, `${number.format(facts.inFlight)} ${most}${parked}`));
      lines.push(
        meter(
          'could begin',
          facts.wanted > 0 ? Math.min(1, facts.unbegun / facts.wanted) : 0,
          `${number.format(facts.wanted)}, ${number.format(facts.unbegun)} wait`,
          { title: 'Sectors that the workers would begin now; the bar is what waits for them already.' },
        ),
      );
    }
    if (facts.free !== undefined) {
      const all = BigInt(facts.available) + BigInt(facts.walletBalance);
      const part = (amount) => (all > 0n ? Number((BigInt(amount) * 10_000n) / all) / 10_000 : 0);
      const title = `available ${fil(facts.available)}, wallet ${fil(facts.walletBalance)}, owed by sectors in flight ${fil(facts.owed)}, floor ${fil(facts.floor)}; a sector costs ${fil(facts.sectorCost)}`;
      lines.push(
        meter('free', part(facts.free), `${fil(facts.free)} of ${fil(all)}`, {
          mark: part(facts.floor),
          title,
        }),
        element(
          'p',
          { class: 'hint' },
          `a sector costs ${fil(facts.sectorCost)} · floor ${fil(facts.floor)}`,
        ),
      );
    }
    return element('article', { class: 'worker' }, ...lines);
  });
  return [element('div', { class: 'workers' }, ...cards)];
}

function drawWaiting(waiting) {
  if (waiting.length === 0) return [element('p', { class: 'hint' }, 'No job waits in a queue.')];
  const rows = waiting.map((row) => {
    const ask = element('button', { type: 'button', class: 'quiet' }, 'why');
    ask.addEventListener('click', () => why(row.sector));
    return [row.sector, label(row.phase), row.host ?? 'any worker', duration(row.waitingMs), ask];
  });
  return [
    element('p', { class: 'hint' }, 'The jobs that have waited longest:'),
    table(['Sector', 'Phase', 'Waits for', 'For', ''], rows),
  ];
}

function drawWhy(answer) {
  const parts = [element('p', {}, element('b', {}, answer.sector), ` waits for ${answer.waiting}.`)];
  for (const job of answer.jobs) {
    const offered = job.offered ? ', offered to all' : '';
    const queue = job.host === null ? 'the queue of all workers' : `the queue of ${job.host}${offered}`;
    const ahead = job.ahead === 0 ? 'nothing before it' : `${number.format(job.ahead)} before it`;
    parts.push(
      element(
        'p',
        {},
        `${label(job.phase)} has been in ${queue} for ${duration(job.waitingMs)}, with ${ahead}.`,
      ),
    );
    const { candidates } = job;
    if (candidates.hosts === 0) {
      parts.push(element('p', { class: 'hint' }, 'There is no worker.'));
      continue;
    }
    if (candidates.counts.length > 1) {
      const counts = candidates.counts.map((one) => `${number.format(one.hosts)} ${one.code}`).join(' · ');
      parts.push(element('p', { class: 'hint' }, `${count(candidates.hosts, 'worker')}: ${counts}`));
    }
    parts.push(
      table(
        ['Worker', 'Why', 'It says'],
        candidates.shown.map((one) => [one.worker, element('code', {}, one.code), one.reason]),
      ),
    );
    const left = candidates.hosts - candidates.shown.length;
    if (left > 0) parts.push(element('p', { class: 'hint' }, `… and ${number.format(left)} more`));
  }
  return parts;
}

/** The last question counts: an earlier answer that comes late is dropped. */
let question = 0;

async function why(sector) {
  question += 1;
  const asked = question;
  const place = document.getElementById('why');
  document.getElementById('why-sector').value = sector;
  try {
    const answer = await fetch(`/api/why?sector=${encodeURIComponent(sector)}`, {
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(10_000),
    });
    const content = await answer.json();
    if (asked !== question) return;
    if (!answer.ok) throw new Error(content.error ?? `the server answered ${answer.status}`);
    place.replaceChildren(...drawWhy(content));
  } catch (error) {
    place.replaceChildren(element('p', { class: 'alert' }, error.message));
  }
}

const PHASES_SHOWN = [
  'add-piece',
  'precommit1',
  'precommit2',
  'commit1',
  'commit2',
  'landing',
  'clear-cache',
];

function drawClasses(classes) {
  if (classes.length === 0) return [];
  const cell = (running = 0, limit = 0) => {
    if (limit === 0 && running === 0) return '–';
    const bar = element('span', { class: 'meter thin', 'aria-hidden': 'true' });
    bar.style.setProperty('--share', String(Math.min(1, running / Math.max(1, limit))));
    return element('span', {}, `${number.format(running)}/${number.format(limit)}`, bar);
  };
  const rows = classes.map((row) => [
    row.class || 'none',
    `${number.format(row.hosts)}${row.away ? `, ${number.format(row.away)} away` : ''}${row.draining ? `, ${number.format(row.draining)} draining` : ''}`,
    cell(row.busySlots, row.slots),
    ...PHASES_SHOWN.map((phase) => cell(row.running[phase], row.limits[phase])),
    number.format(row.sectors),
    number.format(row.wants),
  ]);
  return [table(['Class', 'Workers', 'Slots', ...PHASES_SHOWN.map(label), 'Sectors', 'Would begin'], rows)];
}

/** `GPU-7f5c2c3e…` for a long UUID. */
function shortDevice(id) {
  return id.length <= 14 ? id : `${id.slice(0, 12)}…`;
}

/** @param lost the device is out of service */
function drawSlot(slot, lost) {
  if (slot.use !== undefined) {
    return element(
      'span',
      { class: `slot use-${slot.use}`, title: `runs ${label(slot.use)}` },
      label(slot.use),
    );
  }
  return element(
    'span',
    { class: `slot idle-slot${lost ? ' lost' : ''}`, title: `idle: ${slot.idle}` },
    lost ? 'out' : 'idle',
  );
}

function drawDevices(worker) {
  const devices = Map.groupBy(worker.slots, (slot) => slot.device);
  return [...devices].flatMap(([device, slots]) => {
    const lost = worker.report.devices.some((one) => one.id === device && one.outOfService !== undefined);
    const idle = [...new Set(slots.flatMap((slot) => (slot.idle === undefined ? [] : [slot.idle])))];
    const row = element(
      'div',
      { class: 'device' },
      element('span', { class: 'name', title: device }, shortDevice(device)),
      element('span', { class: 'slots' }, ...slots.map((slot) => drawSlot(slot, lost))),
    );
    const word = lost ? 'out of service' : 'idle';
    return [row, ...idle.map((reason) => element('p', { class: 'hint because' }, `${word}: ${reason}`))];
  });
}

function drawPhases(report, waiting) {
  const shown = Object.keys(PHASE_LABEL).filter(
    (phase) => report.limits[phase] > 0 || report.running[phase] > 0 || waiting[phase] > 0,
  );
  return shown.map((phase) => {
    const running = report.running[phase] ?? 0;
    const limit = report.limits[phase] ?? 0;
    const refusal = report.refusals.find((one) => one.phase === phase);
    const takes = report.takes.includes(phase);
    const waits = waiting[phase] ? `, ${number.format(waiting[phase])} wait` : '';
    return meter(
      label(phase),
      limit > 0 ? running / limit : running > 0 ? 2 : 0,
      `${running}/${limit}${waits}`,
      {
        title: takes ? 'takes more' : (refusal?.reason ?? ''),
      },
    );
  });
}

/** What keeps a worker from taking more, but for limits that are 0 or reached: those the bars show. */
function drawRefusals(report) {
  const told = report.refusals.filter(({ code }) => !['no-limit', 'limit-reached', 'device'].includes(code));
  const byReason = Map.groupBy(told, (refusal) => refusal.reason);
  return [...byReason].map(([reason, refusals]) =>
    element(
      'p',
      { class: 'hint because' },
      `no ${refusals.map(({ phase }) => label(phase)).join(', ')}: ${reason}`,
    ),
  );
}

function drawWorker(worker) {
  const { report } = worker;
  const note = worker.away ? `silent for ${duration(worker.heartbeatAgeMs)}` : worker.state;
  const card = element(
    'article',
    { class: `worker${worker.away ? ' silent' : ''}` },
    element('h3', {}, worker.worker),
    element('p', { class: 'hint' }, `${note} · class ${worker.class || 'none'}`),
  );
  if (!report) {
    card.append(element('p', { class: 'idle' }, 'It has not said yet what it runs.'));
    return card;
  }
  card.append(...drawDevices(worker), ...drawPhases(report, worker.waiting));
  const held =
    report.maxSectors > 0 ? `${worker.sectors} of ${report.maxSectors}` : `${worker.sectors}, no limit`;
  card.append(meter('sectors', report.maxSectors > 0 ? worker.sectors / report.maxSectors : 0, held));
  if (report.memory) {
    const { total, available, promised } = report.memory;
    card.append(
      meter('memory', promised / total, `${bytes(promised)} of ${bytes(total)}`, {
        mark: (total - available) / total,
        title: `${bytes(promised)} promised; the line is what is used now, ${bytes(available)} are available`,
      }),
    );
  }
  if (report.scratch) {
    const { capacity, free, reserved } = report.scratch;
    card.append(
      meter('scratch', reserved / capacity, `${bytes(reserved)} of ${bytes(capacity)}`, {
        mark: (capacity - free) / capacity,
        title: `${bytes(reserved)} reserved; the line is what is used now, ${bytes(free)} are free`,
      }),
    );
  }
  card.append(...drawRefusals(report));
  card.append(element('p', { class: 'hint' }, `would begin ${count(report.wants, 'new sector')}`));
  return card;
}

function drawHosts(scheduling) {
  const { workers, matching, workerCount } = scheduling;
  if (workerCount === 0) return [element('p', {}, 'No worker yet. Start one with: beepro run worker')];
  if (matching === 0) return [element('p', {}, 'No worker has this in its name, or this class.')];
  const cards = element('div', { class: 'workers' }, ...workers.map(drawWorker));
  if (matching <= workers.length) return [cards];
  const note = `${number.format(workers.length)} of ${number.format(matching)}, those with trouble first; find others by name or class, or all of them with: beepro sched`;
  return [cards, element('p', { class: 'hint' }, note)];
}

function show(scheduling) {
  document.getElementById('pledging').replaceChildren(...drawPledging(scheduling.pledging));
  document.getElementById('waiting').replaceChildren(...drawWaiting(scheduling.waiting));
  document.getElementById('classes-section').hidden = scheduling.classes.length === 0;
  document.getElementById('classes').replaceChildren(...drawClasses(scheduling.classes));
  document.getElementById('hosts').replaceChildren(...drawHosts(scheduling));
}

let timer;

async function refresh() {
  clearTimeout(timer);
  const find = document.getElementById('find').value;
  await refreshFrom(`/api/scheduling?find=${encodeURIComponent(find)}`, show);
  clearTimeout(timer);
  timer = setTimeout(refresh, REFRESH_MS);
}

document.getElementById('why-form').addEventListener('submit', (event) => {
  event.preventDefault();
  why(document.getElementById('why-sector').value);
});
document.getElementById('find-form').addEventListener('submit', (event) => event.preventDefault());
document.getElementById('find').addEventListener('input', () => {
  clearTimeout(timer);
  timer = setTimeout(refresh, 250);
});
refresh();
