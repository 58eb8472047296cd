// Progress of the set-up's steps, on stderr: one line a step that moves on a terminal, and a line now and then
// where the output goes to a file.

const PLAIN_INTERVAL_MS = 15_000;
const TERMINAL_INTERVAL_MS = 120;

/** @typedef {string | (() => string)} Note what is shown behind a step's title; a function is asked each time */
/** @typedef {{ update: (note: Note) => void }} Step */

/**
 * Runs one step. Quick steps leave one line, slow ones show what they do and for how long.
 * @template T
 * @param {string} title
 * @param {(step: Step) => Promise<T>} work
 * @param {(result: T) => string} [summary] what is shown behind the title when it is done
 * @returns {Promise<T>}
 */
export async function step(title, work, summary = () => '') {
  const startedAt = Date.now();
  const terminal = process.stderr.isTTY === true;
  /** @type {Note} */
  let note = '';
  const say = () => (typeof note === 'function' ? note() : note);
  const show = () => write(terminal, `… ${title}`, say(), Date.now() - startedAt);
  if (!terminal) process.stderr.write(`… ${title}\n`);
  const timer = setInterval(show, terminal ? TERMINAL_INTERVAL_MS : PLAIN_INTERVAL_MS);
  try {
    const result = await work({
      update: (text) => {
        note = text;
      },
    });
    clearInterval(timer);
    finish(terminal, `✓ ${title}`, summary(result), Date.now() - startedAt);
    return result;
  } catch (error) {
    clearInterval(timer);
    finish(terminal, `✗ ${title}`, '', Date.now() - startedAt);
    throw error;
  }
}

/**
 * @param {number} ms
 * @returns {string} as `0.4 s`, `12 s` or `3:07 min`
 */
export function formatDuration(ms) {
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')} min`;
}

/**
 * Tells the time left from the pace so far. What was done already when it was first told does not count.
 * @param {() => number} [now] milliseconds
 */
export function createEstimate(now = Date.now) {
  /** @type {{ fraction: number, at: number } | undefined} */
  let first;
  let last = { fraction: 0, at: 0 };
  return {
    /** @param {number} fraction the share that is done, 0 to 1 */
    set: (fraction) => {
      if (first && fraction === last.fraction) return;
      last = { fraction, at: now() };
      first ??= last;
    },
    /** @returns {string} empty while it cannot be told, and when the time is up and the work is not */
    text: () => {
      const [done, elapsedMs] = first ? [last.fraction - first.fraction, last.at - first.at] : [0, 0];
      if (done < 0.02 || elapsedMs < 5_000) return '';
      const leftMs = (elapsedMs * (1 - last.fraction)) / done - (now() - last.at);
      return leftMs < 1_000 ? '' : `about ${formatDuration(leftMs)} left`;
    },
  };
}

/**
 * @param {boolean} terminal
 * @param {string} title
 * @param {string} note
 * @param {number} elapsedMs
 */
function write(terminal, title, note, elapsedMs) {
  const line = [title, note, formatDuration(elapsedMs)].filter((part) => part !== '').join(' · ');
  if (!terminal) process.stderr.write(`  ${line}\n`);
  else process.stderr.write(`\r\x1b[K${line.slice(0, (process.stderr.columns ?? 80) - 1)}`);
}

/**
 * @param {boolean} terminal
 * @param {string} title
 * @param {string} note
 * @param {number} elapsedMs
 */
function finish(terminal, title, note, elapsedMs) {
  const line = [title, note, formatDuration(elapsedMs)].filter((part) => part !== '').join(' · ');
  process.stderr.write(`${terminal ? '\r\x1b[K' : ''}${line}\n`);
}
