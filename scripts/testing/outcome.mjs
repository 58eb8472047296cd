import { formatDuration } from '../setup/progress.mjs';

/**
 * @typedef {object} Outcome what one stage of `npm test` found
 * @property {string} name
 * @property {number} passed tests; a check without tests of its own (types, lint) counts as one
 * @property {number} failed at least 1 when anything went wrong, also outside a test
 * @property {number} skipped
 * @property {number} elapsedMs
 */

/**
 * @param {readonly Outcome[]} outcomes
 * @returns {string} a line for each stage, and one for all: `123 passed, 0 failed`
 */
export function closingLine(outcomes) {
  const sum = (/** @type {'passed' | 'failed' | 'skipped' | 'elapsedMs'} */ field) =>
    outcomes.reduce((total, outcome) => total + outcome[field], 0);
  const lines = outcomes.map((outcome) => `${mark(outcome)} ${outcome.name.padEnd(12)} ${counts(outcome)}`);
  const total = {
    passed: sum('passed'),
    failed: sum('failed'),
    skipped: sum('skipped'),
    elapsedMs: sum('elapsedMs'),
  };
  return [...lines, counts(total)].join('\n');
}

/** @param {Outcome} outcome */
function mark({ failed }) {
  return failed > 0 ? '✗' : '✓';
}

/** @param {Omit<Outcome, 'name'>} outcome */
function counts({ passed, failed, skipped, elapsedMs }) {
  const parts = [`${passed} passed`, `${failed} failed`, ...(skipped > 0 ? [`${skipped} skipped`] : [])];
  return `${parts.join(', ')} (${formatDuration(elapsedMs)})`;
}
