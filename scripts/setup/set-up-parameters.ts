// Makes the proof parameters of a sector size ready; run by proof-parameters.mjs on Node 24, as
//   set-up-parameters.ts 2KiB
// with BEEPRO_SEALER_BIN and FIL_PROOFS_PARAMETER_CACHE. Standard output gets one JSON object a line:
//   { "event": "progress", "note": "generating porep", "fraction": 0.25 }
import { isSectorSize, toBeeproError } from '#core';
import { type SetUpEvent, setUpParameters } from '#params';

const { BEEPRO_SEALER_BIN: program, FIL_PROOFS_PARAMETER_CACHE: folder } = process.env;
const [size = ''] = process.argv.slice(2);
if (!isSectorSize(size) || !program || !folder) throw new Error('it is run by proof-parameters.mjs');

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());

try {
  await setUpParameters(folder, { sizes: [size] }, { program, onEvent: tell, signal: interrupted.signal });
} catch (error) {
  const { code, message, cure } = toBeeproError(error);
  process.stderr.write(`${code}: ${message}\n→ ${cure}\n`);
  process.exitCode = 1;
}

function tell(event: SetUpEvent): void {
  process.stdout.write(`${JSON.stringify({ event: 'progress', ...describe(event) })}\n`);
}

function describe(event: SetUpEvent): { note: string; fraction?: number } {
  switch (event.step) {
    case 'hash':
      return { note: 'checking', fraction: event.done / event.total };
    case 'fetch':
      return { note: 'fetching', ...(event.total !== undefined && { fraction: event.done / event.total }) };
    case 'unreachable':
      return { note: 'the parameter server is out of reach, so they are generated' };
    case 'generate':
      return { note: `generating ${event.set.kind}`, fraction: event.progress.fraction };
  }
}
