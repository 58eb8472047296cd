import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { HostAgentOptions } from '#workers';
import { type Fleet, sealerBin } from './fleet.ts';

export interface AgentProcess {
  readonly child: ChildProcess;
  /** Resolves with the signal or exit code that ended it. */
  readonly ended: Promise<string | number>;
  kill(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts an agent in a process of its own; returns when it is ready, or has ended before (by a kill point). */
export async function spawnAgent(
  fleet: Fleet,
  env: Readonly<Record<string, string>> = {},
  more: Partial<HostAgentOptions> = {},
): Promise<AgentProcess> {
  const options = {
    name: 'host-a',
    folder: fleet.folder,
    databaseUrl: fleet.databaseUrl,
    redisUrl: process.env.BEEPRO_REDIS_URL,
    redisPrefix: fleet.redisPrefix,
    sealerBin: sealerBin(),
    stream: more.stream,
  };
  const child = spawn(
    process.execPath,
    ['--conditions=development', join(import.meta.dirname, 'agent-process.ts')],
    {
      env: { ...process.env, ...env, AGENT_OPTIONS: JSON.stringify(options) },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const ended = once(child, 'exit').then(([code, signal]) => (signal ?? code) as string | number);
  await Promise.race([once(child.stdout, 'data'), ended]);
  return {
    child,
    ended,
    kill: async (signal = 'SIGKILL') => {
      child.kill(signal);
      await ended;
    },
  };
}
