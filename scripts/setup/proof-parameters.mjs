import { capture } from './command.mjs';
import { nodePath } from './node-runtime.mjs';
import { ROOT } from './places.mjs';
import { createEstimate, step } from './progress.mjs';
import { SetupError } from './setup-error.mjs';

/**
 * Has the program make the proof parameters of a sector size ready: published ones where they can be fetched and
 * verified, else generated on this machine.
 * @param {import('./prepare.mjs').SmallSectorSize} size
 * @param {NodeJS.ProcessEnv} env with BEEPRO_SEALER_BIN and FIL_PROOFS_PARAMETER_CACHE
 */
export async function ensureProofParameters(size, env) {
  const read = createProgressReader();
  await step(`proof parameters for ${size} sectors`, async ({ update }) => {
    const { code, stderr } = await capture(
      nodePath(),
      ['--conditions=development', 'scripts/setup/set-up-parameters.ts', size],
      {
        cwd: ROOT,
        env,
        onStdout: (line) => {
          const note = read(line);
          if (note !== undefined) update(note);
        },
      },
    );
    if (code === 0) return;
    throw new SetupError(
      `the proof parameters for ${size} sectors in ${env.FIL_PROOFS_PARAMETER_CACHE} could not be made ready`,
      'look at what "npm run beepro -- params list" says, then run this again',
      stderr.trim().split('\n').slice(-15).join('\n'),
    );
  });
}

/**
 * @returns {(line: string) => import('./progress.mjs').Note | undefined} what to show for a line that
 *   set-up-parameters.ts has printed
 */
export function createProgressReader() {
  let current = '';
  let estimate = createEstimate();
  return (line) => {
    const { note, fraction } = parseParameterProgress(line);
    if (note === undefined) return undefined;
    if (note !== current) {
      current = note;
      estimate = createEstimate();
    }
    if (fraction === undefined) return note;
    estimate.set(fraction);
    return () => [`${note} ${Math.floor(fraction * 100)} %`, estimate.text()].filter(Boolean).join(', ');
  };
}

/**
 * @param {string} line
 * @returns {{ note?: string, fraction?: number }}
 */
function parseParameterProgress(line) {
  try {
    const { event, note, fraction } = JSON.parse(line);
    return event === 'progress' ? { note, fraction } : {};
  } catch {
    return {}; // not a line of progress
  }
}
