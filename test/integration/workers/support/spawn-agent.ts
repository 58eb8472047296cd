import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { HostAgentOptions } from '#workers';
import { type Fleet, sealerBin } from './fleet.ts';

export interface AgentProcess {
  readonly child: ChildProcess;
  /** Resolves when it says that it runs; with the signal or exit code when it ends before. */
  readonly ready: Promise<string | number>;
  /** Resolves with the signal or exit code that ended it. */
  readonly ended: Promise<string | number>;
  /** What it has written: its log, and at last the code of what it ended for. */
  readonly output: () => string;
  kill(signal?: NodeJS.Signals): Promise<void>;
}

export interface AgentPlace {
  readonly name?: string;
  readonly stateDir?: string;
  readonly workspaceDir?: string;
  readonly sealerBin?: string;
  readonly databaseUrl?: string;
  readonly redisUrl?: string;
  readonly stream?: HostAgentOptions['stream'];
}

/** Starts an agent in a process of its own; returns when it is ready, or has ended before (by a kill point). */
export async function spawnAgent(
  fleet: Fleet,
  env: Readonly<Record<string, string>> = {},
  place: AgentPlace = {},
): Promise<AgentProcess> {
  const agent = launchAgent(fleet, env, place);
  await agent.ready;
  return agent;
}

/** The same without waiting. */
export function launchAgent(
  fleet: Fleet,
  env: Readonly<Record<string, string>> = {},
  place: AgentPlace = {},
): AgentProcess {
  const name = place.name ?? 'host-a';
  const options = {
    name,
    stateDir: join(fleet.folder, 'state', name),
    workspaceDir: join(fleet.folder, 'work', name),
    databaseUrl: fleet.databaseUrl,
    redisUrl: process.env.BEEPRO_REDIS_URL,
    redisPrefix: fleet.redisPrefix,
    sealerBin: sealerBin(),
    ...place,
  };
  const child = spawn(
    process.execPath,
    ['--conditions=development', join(import.meta.dirname, 'agent-process.ts')],
    {
      env: { ...process.env, ...env, AGENT_OPTIONS: JSON.stringify(options) },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  const said = new Promise<'ready'>((resolve) => {
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        if (output.includes('ready\n')) resolve('ready');
      });
  });
  const ended = once(child, 'exit').then(([code, signal]) => (signal ?? code) as string | number);
  return {
    child,
    ready: Promise.race([said, ended]),
    ended,
    output: () => output,
    kill: async (signal = 'SIGKILL') => {
      child.kill(signal);
      await ended;
    },
  };
}
