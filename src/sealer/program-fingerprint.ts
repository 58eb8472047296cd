import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import type { SealerProgram } from './sealer-process.ts';

/** What the sealer and its libraries read of the environment, once, when they start. */
const READ_ONCE =
  /^(FIL_PROOFS_|BEEPRO_SEALER_|BELLMAN_|BELLPERSON_|EC_GPU_|NEPTUNE_|CUDA_|NVIDIA_|RAYON_|RUST_|TMPDIR$|LD_LIBRARY_PATH$)/;

/**
 * Names what a process is started with: the binary as it lies on the disk (device, inode, size, time), its cores, and
 * the variables that count. A running process with another fingerprint is of an older build or of other settings.
 */
export function programFingerprint(program: SealerProgram, env: NodeJS.ProcessEnv = process.env): string {
  const effective = Object.entries({ ...env, ...program.env })
    .filter(([name, value]) => value !== undefined && READ_ONCE.test(name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const parts = { binary: binaryOf(program.bin), cpus: program.cpus ?? null, env: effective };
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

function binaryOf(path: string): unknown {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat ? [path, stat.dev, stat.ino, stat.size, stat.mtimeMs] : [path, 'absent'];
}
