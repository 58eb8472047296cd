import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { copyFile, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  endSealerProcess,
  identityOf,
  isAlive,
  ResidentSealer,
  SealerPool,
  type SealerPoolOptions,
} from '#sealer';
import { createTestFolder, type TestFolder, waitFor } from '#testing';

const bin = () => process.env.BEEPRO_SEALER_BIN ?? '';

let folder: TestFolder;
let pools: SealerPool[];

beforeEach(async () => {
  folder = await createTestFolder();
  pools = [];
});
afterEach(async () => {
  const dir = join(folder.path, 'sealers');
  for (const name of existsSync(dir) ? readdirSync(dir) : []) {
    await endSealerProcess(JSON.parse(readFileSync(join(dir, name, 'sealer.json'), 'utf8')));
  }
  for (const one of pools) one.close();
  await folder.remove();
});

async function open(
  needed: readonly string[] = [],
  env: Record<string, string> = {},
  options: Partial<SealerPoolOptions> = {},
): Promise<SealerPool> {
  const pool = await SealerPool.open(
    {
      dir: join(folder.path, 'sealers'),
      program: { bin: bin(), env, allowFaults: 'BEEPRO_SEALER_FAULT' in env },
      idleExitS: 20,
      ...options,
    },
    new Set(needed),
  );
  pools.push(pool);
  return pool;
}

describe('the pool', () => {
  test('a process that is given back is used again, one class for itself', async () => {
    const pool = await open();
    const first = await pool.reserve('cpu').open();
    const second = await pool.reserve('cpu').open();
    expect(second.process.pid).not.toBe(first.process.pid);
    first.release();
    expect((await pool.reserve('prover').open()).process.pid).not.toBe(first.process.pid);
    expect((await pool.reserve('cpu').open()).process.pid).toBe(first.process.pid);
  });

  test('sealers are nobody’s children: closing the pool ends none, and the next agent finds them', async () => {
    const pool = await open();
    const lease = await pool.reserve('cpu').open();
    lease.release();
    pool.close();
    expect(isAlive(lease.process)).toBe(true);
    const next = await open();
    expect((await next.reserve('cpu').open()).process).toEqual(lease.process);
  });

  test('a process that is killed is gone, folder and all', async () => {
    const pool = await open();
    const lease = await pool.reserve('cpu').open();
    await lease.kill();
    expect(identityOf(lease.process.pid)).toBeUndefined();
    expect((await pool.reserve('cpu').open()).name).not.toBe(lease.name);
  });

  test('what computes for nobody is ended when the next agent starts; what a journal names goes on', async () => {
    const pool = await open([], { BEEPRO_SEALER_FAULT: 'hang@pre-commit-1:journalled' });
    const [forgotten, needed] = [await pool.reserve('cpu').open(), await pool.reserve('cpu').open()];
    for (const [index, lease] of [forgotten, needed].entries()) {
      const dir = join(folder.path, `sector-${index}`);
      await mkdir(dir);
      const sector = { miner: 1000, number: index, proof: 5, dir };
      const params = { sector, ticket: '01'.repeat(32), pieces: [] };
      lease.client.request('pre-commit-1', params, { id: `r${index}.pc1` }).catch(() => undefined);
      await waitFor(async () => {
        const { result } = await lease.client.request('list', {});
        return result.runs.some((run) => run.state === 'running');
      });
    }
    pool.close();
    const next = await open([needed.name]);
    expect(identityOf(forgotten.process.pid)).toBeUndefined();
    expect(isAlive(needed.process)).toBe(true);
    const adopted = await (await next.adopt(needed.name)).open();
    expect(adopted.process).toEqual(needed.process);
    await adopted.kill();
  });

  test('a dead process is started again on its journal, and replays the answer it had given', async () => {
    const pool = await open();
    const lease = await pool.reserve('cpu').open();
    const sector = { miner: 1000, number: 1, proof: 5, dir: folder.path };
    const asked = await lease.client.request('add-piece', { sector, pieces: [] }, { id: 'r1.ap', epoch: 3 });
    expect(asked.replayed).toBe(false);
    process.kill(lease.process.pid, 'SIGKILL');
    await waitFor(() => !isAlive(lease.process));
    const next = await open([lease.name]);
    const again = await (await next.adopt(lease.name)).open();
    expect(again.process.pid).not.toBe(lease.process.pid);
    const answer = await again.client.request('add-piece', { sector, pieces: [] }, { id: 'r1.ap', epoch: 3 });
    expect(answer).toMatchObject({ replayed: true, result: asked.result });
    const stale = again.client.request('add-piece', { sector, pieces: [] }, { id: 'r2.ap', epoch: 2 });
    await expect(stale).rejects.toMatchObject({ code: 'SEALER_STALE_EPOCH' });
    await again.kill();
  });

  test('a missing program is a fatal error that says how to get it', async () => {
    const pool = await SealerPool.open(
      { dir: join(folder.path, 'none'), program: { bin: '/nowhere' } },
      new Set(),
    );
    const opening = pool.reserve('cpu').open();
    await expect(opening).rejects.toMatchObject({ code: 'SEALER_NOT_INSTALLED', severity: 'fatal' });
  });

  test('a program that is no sealer did not start', async () => {
    const pool = await SealerPool.open(
      { dir: join(folder.path, 'odd'), program: { bin: '/bin/true' } },
      new Set(),
    );
    await expect(pool.reserve('cpu').open()).rejects.toMatchObject({ code: 'SEALER_START_FAILED' });
  });
});

describe('the sealer of a seat', () => {
  const SEAT = { device: 'cpu:0', slot: 0 };

  test('is resident: whatever holds the seat next is served by the same process, and no other seat is', async () => {
    const pool = await open();
    const first = await (await pool.reserveSeat(SEAT)).open();
    first.release();
    const again = await (await pool.reserveSeat(SEAT)).open();
    expect(again.process).toEqual(first.process);
    again.release();
    const beside = await (await pool.reserveSeat({ ...SEAT, slot: 1 })).open();
    const other = await (await pool.reserveSeat({ ...SEAT, device: 'cpu:1' })).open();
    const seatless = await pool.reserve('prover').open();
    const pids = [first, beside, other, seatless].map((lease) => lease.process.pid);
    expect(new Set(pids).size).toBe(4);
  });

  test('is given to one at a time: the next waits until it is free, however the other ends', async () => {
    const pool = await open();
    for (const end of ['cancel', 'release', 'kill'] as const) {
      const reservation = await pool.reserveSeat(SEAT);
      let given = false;
      const next = pool.reserveSeat(SEAT).then((one) => {
        given = true;
        return one;
      });
      await sleep(50);
      expect(given, end).toBe(false);
      if (end === 'cancel') await reservation.cancel();
      else if (end === 'release') (await reservation.open()).release();
      else await (await reservation.open()).kill();
      await (await next).cancel();
    }
  });

  test('is started with what its device needs', async () => {
    const pool = await open(
      [],
      {},
      {
        program: (_class, seat) => ({
          bin: bin(),
          ...(seat ? { cpus: '0', env: { TMPDIR: join(folder.path, seat.device) } } : {}),
        }),
      },
    );
    const { process: seated } = await (await pool.reserveSeat(SEAT)).open();
    expect(readFileSync(`/proc/${seated.pid}/status`, 'utf8')).toMatch(/^Cpus_allowed_list:\t0$/m);
    expect(readFileSync(`/proc/${seated.pid}/environ`, 'utf8').split('\0')).toContain(
      `TMPDIR=${join(folder.path, 'cpu:0')}`,
    );
  });

  test.each<[string, (pid: number, copy: string) => Promise<void> | void]>([
    ['it crashed', (pid) => void process.kill(pid, 'SIGKILL')],
    ['its binary was built anew', (_pid, copy) => rebuilt(copy)],
  ])('is replaced when %s', async (_what, spoil) => {
    const copy = join(folder.path, 'beepro-sealer');
    await copyFile(bin(), copy);
    const pool = await open([], {}, { program: { bin: copy } });
    const first = await (await pool.reserveSeat(SEAT)).open();
    first.release();
    await spoil(first.process.pid, copy);
    await waitFor(async () => {
      const next = await (await pool.reserveSeat(SEAT)).open();
      next.release();
      return next.process.pid !== first.process.pid;
    });
    await waitFor(() => !existsSync(join(folder.path, 'sealers', first.name)));
    expect(identityOf(first.process.pid)).toBeUndefined();
  });

  test('is replaced when it holds more memory than it may, as soon as it is given back', async () => {
    let bound = 0;
    const why: string[] = [];
    const pool = await open(
      [],
      {},
      { maxMemory: () => bound, onReplace: (_name, reason) => why.push(reason) },
    );
    const first = await (await pool.reserveSeat(SEAT)).open();
    bound = 1;
    first.release();
    await waitFor(() => !existsSync(join(folder.path, 'sealers', first.name)));
    expect(identityOf(first.process.pid)).toBeUndefined();
    expect(why).toEqual([expect.stringMatching(/^it holds .* while idle$/)]);
    bound = 2 ** 30;
    const next = await (await pool.reserveSeat(SEAT)).open();
    next.release();
    expect((await (await pool.reserveSeat(SEAT)).open()).process).toEqual(next.process);
  });

  test('stays with its seat over a restart of the agent, at work or idle', async () => {
    const pool = await open();
    const idle = await (await pool.reserveSeat(SEAT)).open();
    idle.release();
    const seat = { device: 'cpu:1', slot: 0 };
    const working = await (await pool.reserveSeat(seat)).open();
    pool.close();
    const next = await open([working.name]);
    expect((await (await next.reserveSeat(SEAT)).open()).process).toEqual(idle.process);
    const adopted = await (await next.adopt(working.name, { seat })).open();
    expect(adopted.process).toEqual(working.process);
    let given = false;
    const waiting = next.reserveSeat(seat).then(async (one) => {
      given = true;
      return one.open();
    });
    await sleep(50);
    expect(given).toBe(false);
    adopted.release();
    expect((await waiting).process).toEqual(working.process);
  });

  test('of an earlier version, whose record says nothing of its program, serves its run and then goes', async () => {
    const pool = await open();
    const old = await (await pool.reserveSeat(SEAT)).open();
    pool.close();
    const record = join(folder.path, 'sealers', old.name, 'sealer.json');
    const { fingerprint: _, seat: __, ...known } = JSON.parse(readFileSync(record, 'utf8'));
    writeFileSync(record, JSON.stringify(known));
    const next = await open([old.name]);
    const adopted = await (await next.adopt(old.name, { seat: SEAT })).open();
    expect(adopted.process).toEqual(old.process);
    adopted.release();
    expect((await (await next.reserveSeat(SEAT)).open()).process.pid).not.toBe(old.process.pid);
    await waitFor(() => !existsSync(join(folder.path, 'sealers', old.name)));
  });

  test('is one: a twin that an agent left when it died in the middle of replacing it is ended', async () => {
    const pool = await open();
    const left = [
      await (await pool.reserveSeat(SEAT)).open(),
      await (await pool.reserveSeat({ ...SEAT, slot: 1 })).open(),
    ];
    pool.close();
    const record = join(folder.path, 'sealers', left[1]?.name ?? '', 'sealer.json');
    writeFileSync(record, JSON.stringify({ ...JSON.parse(readFileSync(record, 'utf8')), seat: SEAT }));
    const next = await open();
    const kept = await (await next.reserveSeat(SEAT)).open();
    const others = left.filter(({ process }) => process.pid !== kept.process.pid);
    expect(others.map(({ process }) => isAlive(process))).toEqual([false]);
  });

  test('ends with its device', async () => {
    const pool = await open();
    const [kept, dropped] = [
      await (await pool.reserveSeat(SEAT)).open(),
      await (await pool.reserveSeat({ ...SEAT, slot: 1 })).open(),
    ];
    kept.release();
    dropped.release();
    await pool.dropSeats(({ slot }) => slot === 0);
    expect([kept, dropped].map((lease) => isAlive(lease.process))).toEqual([true, false]);
  });
});

/** As a build or a package manager does it: a new file under the old name. */
async function rebuilt(path: string): Promise<void> {
  await copyFile(path, `${path}.new`);
  await rename(`${path}.new`, path);
}

test('a resident sealer answers many at once and comes back when it has died', async () => {
  const sealer = new ResidentSealer({ bin: bin() }, join(folder.path, 'resident'));
  const ask = () => sealer.request('version', {});
  const answers = await Promise.all([ask(), ask(), ask()]);
  expect(new Set(answers.map((answer) => answer.result.version)).size).toBe(1);
  const { pid } = sealer.process ?? { pid: 0 };
  process.kill(pid, 'SIGKILL');
  await waitFor(() => identityOf(pid) === undefined);
  await waitFor(async () => (await ask()).result.protocol === 1);
  expect(sealer.process?.pid).not.toBe(pid);
  const last = sealer.process?.pid ?? 0;
  await sealer.close();
  expect(identityOf(last)).toBeUndefined();
});
