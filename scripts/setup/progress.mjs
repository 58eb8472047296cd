// Progress of the set-up's steps, on stderr: one line a step that moves on a terminal, and a line now and then
// where the output goes to a file.

const PLAIN_INTERVAL_MS = 15_000;
const TERMINAL_INTERVAL_MS = 120;

/** @typedef {{ update: (note: string) => void }} Step */

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
  let note = '';
  const show = () => write(terminal, `… ${title}`, note, Date.now() - startedAt);
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
 * Tells the time left from the pace so far. What was done already when it was first asked does not count.
 * @param {() => number} [now] milliseconds
 * @returns {(fraction: number) => string} given the share that is done, 0 to 1; empty while it cannot be told
 */
export function createEstimate(now = Date.now) {
  /** @type {{ fraction: number, at: number } | undefined} */
  let first;
  return (fraction) => {
    first ??= { fraction, at: now() };
    const [done, elapsedMs] = [fraction - first.fraction, now() - first.at];
    if (done < 0.02 || fraction >= 1 || elapsedMs < 5_000) return '';
    return `about ${formatDuration((elapsedMs * (1 - fraction)) / done)} left`;
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
