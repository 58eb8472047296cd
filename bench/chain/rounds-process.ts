import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Figure } from '../report.ts';
import { measureRounds, type RoundOptions } from './rounds.ts';

const PROGRAM = fileURLToPath(import.meta.url);
/** As `ecosystem.config.js` starts the sealing role: what it keeps in memory depends on them. */
const FLAGS = ['--max-semi-space-size=4', '--max-old-space-size=128', '--optimize-for-size'];

/** Measures in a process that is started like the sealing role, and does nothing else. */
export async function measureRoundsApart(options: RoundOptions): Promise<Figure[]> {
  const child = fork(PROGRAM, { execArgv: [...process.execArgv, ...FLAGS] });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the rounds ended with ${code}`);
  });
  const figures = once(child, 'message').then(([message]) => message as Figure[]);
  child.send(options);
  try {
    return await Promise.race([figures, ended]);
  } finally {
    ended.catch(() => undefined);
    child.disconnect();
  }
}

if (process.send) {
  const [options] = (await once(process, 'message')) as [RoundOptions];
  process.send(await measureRounds(options));
}
