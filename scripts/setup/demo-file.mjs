import { statSync } from 'node:fs';
import { SetupError } from './setup-error.mjs';

/** @typedef {import('./prepare.mjs').SmallSectorSize} SmallSectorSize */

/**
 * What a sector takes of a file, in bytes: 127 of every 128 (fr32). Smallest first.
 * @type {readonly { size: SmallSectorSize, payload: number }[]}
 */
const CAPACITIES = [
  { size: '2KiB', payload: 2_032 },
  { size: '8MiB', payload: 8_323_072 },
];

/**
 * Refuses a file that cannot be sealed in one sector, while nothing is built or started yet.
 * @param {string} path
 * @param {SmallSectorSize} sectorSize
 */
export function checkDemoFile(path, sectorSize) {
  const entry = statSync(path, { throwIfNoEntry: false });
  if (!entry?.isFile()) {
    throw new SetupError(
      `--file ${path}: ${entry ? 'that is no regular file' : 'there is no such file'}`,
      HELP,
    );
  }
  const problem = fitProblem(entry.size, sectorSize);
  if (problem) throw new SetupError(`--file ${path}: ${problem.message}`, problem.cure);
}

/**
 * @param {number} bytes
 * @param {SmallSectorSize} sectorSize
 * @returns {{ message: string, cure: string } | undefined}
 */
export function fitProblem(bytes, sectorSize) {
  if (bytes === 0) return { message: 'it is empty, and a piece needs at least one byte', cure: HELP };
  const own = CAPACITIES.find(({ size }) => size === sectorSize);
  if (!own || bytes <= own.payload) return undefined;
  const larger = CAPACITIES.find(({ payload }) => bytes <= payload);
  const message = `it has ${count(bytes)} bytes, and a ${sectorSize} sector takes ${count(own.payload)}`;
  const cure = larger
    ? `--sector-size ${larger.size} takes it: such a sector holds ${count(larger.payload)} bytes`
    : `name a smaller file: the largest sectors of the demo, ${CAPACITIES.at(-1)?.size}, take ${count(CAPACITIES.at(-1)?.payload ?? 0)} bytes`;
  return { message, cure };
}

const HELP = 'npm run demo -- --help';

/** @param {number} bytes */
function count(bytes) {
  return bytes.toLocaleString('en-US');
}
