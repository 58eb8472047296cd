import { capture } from './command.mjs';
import { nodePath } from './node-runtime.mjs';
import { ROOT } from './places.mjs';
import { step } from './progress.mjs';
import { SetupError } from './setup-error.mjs';

/**
 * Has the program make the proof parameters of a sector size ready: published ones where they can be fetched and
 * verified, else generated on this machine. `beepro params ensure SIZE --json` does it and tells how far it is, one
 * JSON object a line: { "event": "progress", "note": "porep", "fraction": 0.25 }.
 * @param {import('./prepare.mjs').SmallSectorSize} size
 * @param {NodeJS.ProcessEnv} env
 */
export async function ensureProofParameters(size, env) {
  await step(
    `proof parameters for ${size} sectors (first time: about 3 min on 2 cores)`,
    async ({ update }) => {
      const { code, stderr } = await capture(
        nodePath(),
        ['--conditions=development', 'src/cli/main.ts', 'params', 'ensure', size, '--json'],
        {
          cwd: ROOT,
          env,
          onStdout: (line) => {
            const note = parseParameterProgress(line);
            if (note !== undefined) update(note);
          },
        },
      );
      if (code === 0) return;
      throw new SetupError(
        `the proof parameters for ${size} sectors could not be made ready`,
        'look at what "npm run beepro -- params list" says, then run this again',
        stderr.trim().split('\n').slice(-15).join('\n'),
      );
    },
  );
}

/**
 * @param {string} line
 * @returns {string | undefined}
 */
export function parseParameterProgress(line) {
  try {
    const { event, note, fraction } = JSON.parse(line);
    if (event !== 'progress') return undefined;
    return [note, typeof fraction === 'number' ? `${Math.floor(fraction * 100)} %` : '']
      .filter(Boolean)
      .join(' ');
  } catch {
    return undefined; // not a line of progress
  }
}
