import { execFile } from 'node:child_process';
import { accessSync, constants, mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { BeeproError } from '#core';
import { isAlive, type ProcessIdentity } from './process-identity.ts';
import { forgetSealer, registerSealer } from './process-registry.ts';
import { daemonLine } from './wire.ts';

/** What a sealer process is started with. All of it is read once per process by the proofs library. */
export interface SealerProgram {
  /** The `beepro-sealer` binary. */
  readonly bin: string;
  /** Added to the agent's environment, e.g. `CUDA_VISIBLE_DEVICES`, `RAYON_NUM_THREADS`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Cores it may use, e.g. `0-3,8`: the proofs library's three thread pools all respect the affinity mask. */
  readonly cpus?: string;
  /** Fault injection of tests: `BEEPRO_SEALER_FAULT` is in `env`. */
  readonly allowFaults?: boolean;
}

export interface SealerPlace {
  /** At most 107 bytes. */
  readonly socket: string;
  readonly log: string;
  /** The journal's folder; a process started on that of a dead one knows its runs. */
  readonly state: string;
}

export interface RunningSealer extends SealerPlace {
  readonly process: ProcessIdentity;
}

const START_TIMEOUT_MS = 30_000;

/**
 * Starts a sealer that is nobody's child (double fork), so that no end of the agent ends it, and registers it.
 * Returns once its socket listens.
 * @param idleExitS it ends by itself after so many seconds without run and connection
 * @throws BeeproError `SEALER_NOT_INSTALLED`, `SEALER_START_FAILED`
 */
export async function startSealerProcess(
  program: SealerProgram,
  place: SealerPlace,
  idleExitS: number,
): Promise<RunningSealer> {
  checkInstalled(program.bin);
  mkdirSync(place.state, { recursive: true, mode: 0o700 });
  const serve = [
    ...['serve', '--daemonize', '--socket', place.socket, '--log', place.log, '--state', place.state],
    ...['--idle-exit-s', String(idleExitS)],
    ...(program.allowFaults ? ['--allow-faults'] : []),
  ];
  const [file, args] = program.cpus
    ? ['taskset', ['-c', program.cpus, program.bin, ...serve]]
    : [program.bin, serve];
  const { stdout, failure } = await execute(file, args, { ...process.env, ...program.env });
  const line = daemonLine.safeParse(parse(stdout));
  if (!line.success || 'error' in line.data) {
    const detail =
      line.success && 'error' in line.data ? line.data.error.message : failure || stdout.slice(0, 200);
    throw new BeeproError('SEALER_START_FAILED', { detail: detail || 'it printed nothing' });
  }
  const { pid, start_time: startTime, boot_id: bootId } = line.data;
  const identity = { pid, startTime, bootId };
  registerSealer(identity);
  return { ...place, process: identity };
}

/** Ends a sealer and strikes it from the register. */
export async function endSealerProcess(identity: ProcessIdentity): Promise<void> {
  if (await endProcess(identity)) forgetSealer(identity);
}

/**
 * Ends a process with SIGKILL, unless its pid belongs to another by now. False when it has not gone within 5 s: one in
 * an uninterruptible read of a hung disk dies when the disk answers, and nobody waits for that.
 */
export async function endProcess(identity: ProcessIdentity): Promise<boolean> {
  for (let waited = 0; isAlive(identity); waited += 20) {
    if (waited % 1_000 === 0) signal(identity.pid, 'SIGKILL');
    if (waited >= 5_000) return false;
    await sleep(20);
  }
  return true;
}

function checkInstalled(bin: string): void {
  try {
    accessSync(bin, constants.X_OK);
  } catch (cause) {
    throw new BeeproError('SEALER_NOT_INSTALLED', { path: bin }, { cause });
  }
}

function execute(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ stdout: string; failure: string }> {
  return new Promise((resolve) => {
    execFile(
      file,
      args,
      { env, timeout: START_TIMEOUT_MS, killSignal: 'SIGKILL' },
      (error, stdout, stderr) => {
        resolve({ stdout, failure: error ? stderr.trim() || error.message : '' });
      },
    );
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text.trim().split('\n').at(-1) ?? '');
  } catch {
    return undefined; // the schema refuses it
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
