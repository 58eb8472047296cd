import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MINING_KILL_POINTS } from '#core';
import { acquireLease, type HeldLease, listOwnBlocks, saveMiner, transaction } from '#db';
import { type BlockClaim, ForkGuard, Watermark } from '#post';
import { createMigratedDatabase, createTestFolder, type MigratedDatabase, type TestFolder } from '#testing';

let store: MigratedDatabase;
let folder: TestFolder;
beforeAll(async () => {
  store = await createMigratedDatabase({ poolSize: 20 });
  folder = await createTestFolder();
});
afterAll(async () => {
  await store.drop();
  await folder.remove();
});

let miner = 1_000;
let leaseName = '';
beforeEach(async () => {
  miner += 1;
  leaseName = `mining:${miner}`;
  await saveMiner(store.database.kysely, {
    ...{ id: miner, network: 'devnet', sector_size: '2KiB', owner: 't0100', worker: 't0101' },
  });
});

const hostFolder = (host: string): string => join(folder.path, `${miner}-${host}`);

async function guardOf(host = 'a'): Promise<ForkGuard> {
  const watermark = await Watermark.open(hostFolder(host), miner);
  return new ForkGuard({ database: store.database, miner, watermark });
}

/** As a standby takes over: the earlier holder's lease has expired, whatever that believes. */
async function takeOver(holder = 'a'): Promise<HeldLease> {
  await sql`UPDATE lease SET expires_at = NOW(3) WHERE name = ${leaseName}`.execute(store.database.kysely);
  const lease = await transaction(store.database, (trx) =>
    acquireLease(trx, { name: leaseName, holder, ttlMs: 60_000 }),
  );
  if (!lease) throw new Error('the lease is held');
  return lease;
}

function block(epoch: number, parents = [`base${epoch - 1}`]): BlockClaim {
  return { epoch, parents, base: { height: epoch - 1, parents: ['p'] }, ticket: 'aa', wins: 1 };
}
const signed = (epoch: number) => ({ cid: `block${epoch}`, block: `{"epoch":${epoch}}` });
const rows = () => listOwnBlocks(store.database.kysely, { miner, limit: 100 });

describe('the guard against forks', () => {
  it('signs nothing for the epochs of which a new database knows nothing, nor upon a base of them', async () => {
    const guard = await guardOf();
    const lease = await takeOver();
    await guard.open(lease, 100);
    for (const epoch of [99, 101, 102])
      await expect(guard.claim(lease, block(epoch))).rejects.toMatchObject({
        code: 'MINING_HISTORY_UNKNOWN',
      });
    await guard.claim(lease, block(103));
    expect(await guard.keep(lease, 103, signed(103))).toBe(true);
    await guard.submitted(103);
    expect(await rows()).toMatchObject([
      { epoch: 103, state: 'submitted', cid: 'block103', parents: ['base102'] },
    ]);
  });

  it('lets one of many through for an epoch, whatever lease they show', async () => {
    const guards = await Promise.all(['a', 'b', 'c', 'd'].map((host) => guardOf(host)));
    const lease = await takeOver();
    await guards[0]?.open(lease, 0);
    for (const epoch of [10, 11, 12, 13, 14]) {
      const asked = guards.map((guard, i) => guard.claim(lease, block(epoch, [`base${i}-${epoch}`])));
      const done = await Promise.allSettled(asked);
      expect(done.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const one of done)
        if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'MINING_FORK_REFUSED' });
    }
    expect(await rows()).toHaveLength(5);
  });

  it('a leader that woke up after its successor took over can neither claim nor keep', async () => {
    const old = await guardOf('a');
    const oldLease = await takeOver('a');
    await old.open(oldLease, 0);
    await old.claim(oldLease, block(10));
    const next = await guardOf('b');
    const nextLease = await takeOver('b');
    await next.open(nextLease, 10);
    expect(await old.keep(oldLease, 10, signed(10))).toBe(false);
    await expect(old.claim(oldLease, block(11))).rejects.toMatchObject({ code: 'LEASE_LOST' });
    await expect(next.claim(nextLease, block(10, ['other']))).rejects.toMatchObject({
      code: 'MINING_FORK_REFUSED',
    });
    await next.claim(nextLease, block(11));
    expect(await rows()).toMatchObject([
      { epoch: 11, state: 'claimed' },
      { epoch: 10, state: 'forfeited' },
    ]);
  });

  it('a database that was restored from a copy signs nothing until the epochs it has forgotten are over', async () => {
    const guard = await guardOf();
    const lease = await takeOver();
    await guard.open(lease, 0);
    for (const epoch of [10, 11, 12]) await guard.claim(lease, block(epoch));
    await sql`DELETE FROM own_block WHERE miner = ${miner} AND epoch > 10`.execute(store.database.kysely);
    const restored = await guardOf();
    const again = await takeOver();
    await restored.open(again, 12);
    for (const epoch of [11, 12, 13, 14])
      await expect(restored.claim(again, block(epoch, ['other']))).rejects.toMatchObject({
        code: 'MINING_HISTORY_UNKNOWN',
      });
    await restored.claim(again, block(15));
  });

  it('who stood by notices the restore too', async () => {
    const leader = await guardOf('a');
    const standby = await guardOf('b');
    const lease = await takeOver('a');
    await leader.open(lease, 0);
    await leader.claim(lease, block(10));
    await standby.follow();
    await sql`DELETE FROM own_block WHERE miner = ${miner}`.execute(store.database.kysely);
    const next = await takeOver('b');
    await standby.open(next, 10);
    await expect(standby.claim(next, block(11))).rejects.toMatchObject({ code: 'MINING_HISTORY_UNKNOWN' });
  });

  it('does not sign beside a record that it cannot read', async () => {
    await (await Watermark.open(hostFolder('a'), miner)).raise(5);
    const path = join(hostFolder('a'), `mined-t0${miner}.json`);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ miner, epoch: 5 });
    for (const text of ['', '{', '{"miner":1,"epoch":5}', `{"miner":${miner}}`]) {
      writeFileSync(path, text);
      await expect(guardOf()).rejects.toMatchObject({ code: 'MINING_WATERMARK_UNREADABLE' });
    }
  });

  it.each(MINING_KILL_POINTS)('killed at %s: the epoch is never signed again', async (point) => {
    const guard = await guardOf();
    await guard.open(await takeOver(), 0);
    await sql`UPDATE lease SET expires_at = NOW(3) WHERE name = ${leaseName}`.execute(store.database.kysely);
    const request = {
      mysql: store.options,
      ...{ folder: hostFolder('a'), miner, lease: leaseName, epoch: 10, now: 10 },
    };
    const child = spawn(
      process.execPath,
      ['--conditions=development', 'test/integration/post/support/claim-once.ts', JSON.stringify(request)],
      { env: { ...process.env, BEEPRO_KILL_AT: point }, stdio: ['ignore', 'inherit', 'inherit'] },
    );
    const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
    expect(signal).toBe('SIGKILL');
    const next = await guardOf('b');
    const lease = await takeOver('b');
    await next.open(lease, 10);
    await expect(next.claim(lease, block(10, ['other']))).rejects.toMatchObject({
      code: 'MINING_FORK_REFUSED',
    });
    await next.claim(lease, block(11));
    const [, tenth] = await rows();
    const states = { 'mining.signed': 'signed', 'mining.submitted': 'submitted' } as Record<string, string>;
    expect(tenth?.state).toBe(states[point] ?? 'forfeited');
  });
});
