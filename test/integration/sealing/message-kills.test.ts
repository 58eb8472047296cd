import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cancelMessage } from '#chain';
import type { KillPoint, RARE_KILL_POINTS } from '#core';
import { audit } from '#sector';
import { MessageBench } from './message-bench.ts';

let bench: MessageBench;

beforeAll(async () => {
  bench = await MessageBench.create();
});
afterAll(() => bench[Symbol.asyncDispose]());
beforeEach(() => {
  bench.notes = [];
});
afterEach(async () => {
  bench.rig.devnet.control.setBaseFee(undefined);
  expect(await audit(bench.rig.modules.db.kysely, bench.rig.modules.chain)).toEqual([]);
});

describe('killed right after the commit, and started again', () => {
  const PROCESS = fileURLToPath(new URL('pump-process.ts', import.meta.url));

  /** How the process that passes there ended. */
  async function killAt(point: KillPoint): Promise<NodeJS.Signals | null> {
    const child = spawn(
      process.execPath,
      ['--conditions=development', '--disable-warning=ExperimentalWarning', PROCESS],
      {
        env: {
          ...process.env,
          BEEPRO_KILL_AT: point,
          PUMP_MYSQL_URL: bench.rig.database.url,
          PUMP_MYSQL_PASSWORD_FILE: bench.rig.database.passwordFile,
          PUMP_NODE: bench.rig.devnet.url,
          PUMP_TOKEN: bench.rig.devnet.token,
          PUMP_PASSES: '3',
        },
        stdio: ['ignore', 'ignore', 'inherit'],
      },
    );
    const [, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    return signal;
  }

  const detours: Record<(typeof RARE_KILL_POINTS)[number], () => Promise<number>> = {
    'message.adopted': async () => {
      const before = await bench.nextNonce();
      const id = await bench.send();
      await bench.pump().send();
      await bench.forget([id], before);
      return id;
    },
    'message.replace-committed': async () => {
      const id = await bench.send();
      await bench.pump().send();
      await bench.spike(await bench.row(id));
      return id;
    },
    'message.cancel-committed': async () => {
      const id = await bench.send();
      await bench.pump().send();
      await cancelMessage(bench.rig.modules.db, id, 'by ana');
      return id;
    },
    'message.gap-filled': async () => {
      const theirs = await bench.foreign();
      const id = await bench.send();
      await bench.pump().send();
      bench.rig.devnet.control.dropMessage(theirs.cid);
      await bench.rig.devnet.control.mine();
      return id;
    },
  };

  it.each(Object.entries(detours))('at %s', async (point, prepare) => {
    const id = await prepare();
    const nonce = (await bench.row(id)).nonce;
    await bench.hurry();
    expect(await killAt(point as KillPoint)).toBe('SIGKILL');
    bench.rig.devnet.control.setBaseFee(100n);
    const ended = await bench.toEnd(id);
    expect(ended.state).toBe(point === 'message.cancel-committed' ? 'cancelled' : 'final');
    if (nonce !== null) expect(ended.nonce).toBe(nonce);
    expect(new Set((await bench.versions(id)).map((version) => version.cid)).size).toBeLessThanOrEqual(2);
  });
});
