import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listSectors, type MessageRow, patchSector, type SectorRow } from '#db';
import { audit, pledgeSectors } from '#sector';
import { waitFor } from '#testing';
import { createSealingRig, type SealingRig, type WorkerAnswer } from './sealing-rig.ts';
import { landingAnswer } from './storage-answers.ts';

let rig: SealingRig;
let landing: WorkerAnswer;

beforeAll(async () => {
  rig = await createSealingRig();
  landing = await landingAnswer(rig);
});
afterAll(() => rig[Symbol.asyncDispose]());

async function workUntil(
  what: string,
  number: number,
  condition: (sector: SectorRow) => boolean,
): Promise<SectorRow> {
  return waitFor(
    async () => {
      await rig.work({ landing });
      const sector = await rowOf(number);
      return condition(sector) && sector;
    },
    { deadlineMs: 50_000, intervalMs: 30, what },
  );
}

const isIn = (state: SectorRow['state']) => (sector: SectorRow) => sector.state === state;

async function rowOf(number: number): Promise<SectorRow> {
  const all = await listSectors(rig.modules.db.kysely, { miner: rig.miner, limit: 100 });
  const found = all.find((sector) => sector.number === number);
  if (!found) throw new Error(`no sector ${number}`);
  return found;
}

async function messageOf(purpose: string, number: number): Promise<MessageRow> {
  return rig.modules.db.kysely
    .selectFrom('message')
    .innerJoin('message_sector', 'message_sector.message_id', 'message.id')
    .selectAll('message')
    .where('message_sector.number', '=', number)
    .where('purpose', '=', purpose)
    .orderBy('message.id', 'desc')
    .executeTakeFirstOrThrow();
}

async function eventsOf(number: number): Promise<string[]> {
  const rows = await rig.modules.db.kysely
    .selectFrom('sector_event')
    .select('event')
    .where('miner', '=', rig.miner)
    .where('number', '=', number)
    .orderBy('id')
    .execute();
  return rows.map(({ event }) => event);
}

/** Replaces the chain from just below `epoch` on, without these messages; then blocks come again. */
async function revert(epoch: number, drop: readonly string[]): Promise<void> {
  const { control } = rig.devnet;
  control.pause();
  await control.reorg(control.height - epoch + 2, { drop });
  control.resume();
}

async function pledge(): Promise<number> {
  const [number = -1] = await pledgeSectors(rig.modules, { miner: rig.miner, count: 1 });
  return number;
}

function running(): AsyncDisposable {
  const coordinator = rig.start();
  return { [Symbol.asyncDispose]: () => coordinator.stop() };
}

const noFaults = async () => expect(await audit(rig.modules.db.kysely, rig.modules.chain)).toEqual([]);

describe('what acted on a tipset that a reorg replaced is looked at again', () => {
  it('a sector that counted as proven: its prove-commit is pushed again, and it has its new activation', async () => {
    const number = await pledge();
    await using _coordinator = running();
    const before = await workUntil('Proving', number, isIn('Proving'));
    const message = await messageOf('commit', number);
    await revert(before.activation_epoch ?? 0, [message.cid ?? '']);
    await workUntil('its way back', number, (sector) => sector.state !== 'Proving');
    const after = await workUntil('Proving again', number, isIn('Proving'));
    expect(after.activation_epoch).toBeGreaterThan(before.activation_epoch ?? Number.POSITIVE_INFINITY);
    expect(await messageOf('commit', number)).toMatchObject({
      id: message.id,
      nonce: message.nonce,
      cid: message.cid,
      state: 'final',
    });
    expect(await eventsOf(number)).toContain('commit-gone');
    await noFaults();
  });

  it('a prove-commit that stayed but moved: the sector has the new dates, and stays as it is', async () => {
    const number = await pledge();
    await using _coordinator = running();
    const before = await workUntil('Proving', number, isIn('Proving'));
    const { control } = rig.devnet;
    control.pause();
    const depth = control.height - (before.activation_epoch ?? 0) + 1;
    await control.reorg(depth, { delay: 3 });
    control.resume();
    const after = await workUntil(
      'its new activation',
      number,
      (sector) =>
        sector.activation_epoch !== null &&
        sector.activation_epoch !== before.activation_epoch &&
        sector.state === 'Proving',
    );
    expect(after.activation_epoch).toBeGreaterThan(before.activation_epoch ?? Number.POSITIVE_INFINITY);
    await noFaults();
  });

  it('a pre-commit that went while no coordinator was there: the next one finds out', async () => {
    const number = await pledge();
    let before: SectorRow;
    {
      await using _coordinator = running();
      before = await workUntil('WaitSeed', number, (sector) => sector.precommit_epoch !== null);
    }
    const message = await messageOf('precommit', number);
    await revert(before.precommit_epoch ?? 0, [message.cid ?? '']);
    await using _next = running();
    const after = await workUntil('Proving', number, isIn('Proving'));
    expect(after.precommit_epoch).toBeGreaterThan(before.precommit_epoch ?? Number.POSITIVE_INFINITY);
    expect(after).toMatchObject({ ticket: before.ticket, comm_r: before.comm_r });
    await noFaults();
  });

  it('a ticket that is not the chain’s any more: the sector is sealed with a new one before anything names it', async () => {
    await rig.set('batch.precommit.wait', '1h');
    await rig.set('batch.precommit.min', '2');
    const number = await pledge();
    await workUntil('PreCommitBatching', number, isIn('PreCommitBatching'));
    // As if its tipset had been replaced: a devnet is too young to revert what lies 900 epochs back.
    const stale = 'ab'.repeat(32);
    await patchSector(rig.modules.db.kysely, { miner: rig.miner, number }, { ticket: stale });
    await using _coordinator = running();
    const again = await workUntil(
      'a new ticket',
      number,
      (sector) => sector.state === 'PreCommitBatching' && sector.ticket !== stale,
    );
    expect(again.precommit_message).toBeNull();
    expect(await eventsOf(number)).toContain('ticket-reverted');
    await rig.set('batch.precommit.min', '1');
    await rig.set('batch.precommit.wait', '0s');
    await workUntil('Proving', number, isIn('Proving'));
    await noFaults();
  });

  it('a seed that is not the chain’s any more: what was computed for it is thrown away before its commit', async () => {
    await rig.set('batch.commit.wait', '1h');
    await rig.set('batch.commit.min', '2');
    const number = await pledge();
    {
      await using _coordinator = running();
      await workUntil('CommitBatching', number, isIn('CommitBatching'));
    }
    await patchSector(rig.modules.db.kysely, { miner: rig.miner, number }, { seed: 'cd'.repeat(32) });
    await using _coordinator = running();
    await waitFor(async () => (await eventsOf(number)).includes('seed-moved'), {
      what: 'the seed to be read',
    });
    await rig.set('batch.commit.min', '1');
    await rig.set('batch.commit.wait', '0s');
    const proving = await workUntil('Proving', number, isIn('Proving'));
    expect(proving.seed).not.toBe('cd'.repeat(32));
    await noFaults();
  });

  it('keeps what it saw of the chain back to finality, one tipset a height', async () => {
    const rows = await rig.modules.db.kysely.selectFrom('seen_tipset').selectAll().execute();
    expect(rows.length).toBeGreaterThan(10);
    expect(rows.length).toBeLessThanOrEqual(902);
    const head = await rig.modules.chain.chainHead();
    for (const { height, tipset } of rows.slice(-5)) {
      const there = await rig.modules.chain.chainGetTipSetByHeight(height, [...head.cids]);
      expect(there.cids.join(',')).toBe(tipset);
    }
  });
});
