import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { idAddress, type Message, toHex, unsealedCid } from '#codec';
import {
  allocateSectorNumber,
  insertPiece,
  insertSector,
  listMessages,
  listPiecesOfSector,
  listRunsOfSector,
  listSectors,
  patchSector,
  placePiecesInSector,
  type SectorRow,
  saveMiner,
  transaction,
} from '#db';
import { commDOfPieces } from '#devnet';
import { audit, moveSector, pledgeSectors, removeSector, resumeSector, whyWaiting } from '#sector';
import { waitFor } from '#testing';
import { createSealingRig, honest, type SealingRig, type WorkerAnswer } from './sealing-rig.ts';
import { landingAnswer } from './storage-answers.ts';

let rig: SealingRig;
let landing: WorkerAnswer;

beforeAll(async () => {
  rig = await createSealingRig();
  landing = await landingAnswer(rig);
});
afterAll(() => rig[Symbol.asyncDispose]());

/** Works as a fleet of one until every sector satisfies the condition. */
async function workUntil(
  what: string,
  numbers: readonly number[],
  condition: (sector: SectorRow) => boolean,
  answers: Partial<Record<string, WorkerAnswer>> = {},
): Promise<SectorRow[]> {
  return waitFor(
    async () => {
      await rig.work({ landing, ...answers });
      const all = await listSectors(rig.modules.db.kysely, { miner: rig.miner, limit: 100 });
      const mine = all.filter((sector) => numbers.includes(sector.number));
      return mine.every(condition) && mine;
    },
    { deadlineMs: 50_000, intervalMs: 30, what },
  );
}

const isProving = (sector: SectorRow) => sector.state === 'Proving';

describe('the coordinator on a devnet', () => {
  it('brings pledged sectors to Proving, one batch of each kind for all', async () => {
    const numbers = await pledgeSectors(rig.modules, { miner: rig.miner, count: 3 });
    await rig.set('batch.precommit.min', '3');
    await rig.set('batch.commit.min', '3');
    await using _coordinator = running(1);
    const sectors = await workUntil('three sectors Proving', numbers, isProving);
    for (const sector of sectors) {
      expect(sector).toMatchObject({ unproven: true, worker: null, recoveries: {} });
      expect(await whyWaiting(rig.modules.db.kysely, sector)).toBe('its first WindowPoSt');
    }
    const messages = await listMessages(rig.modules.db.kysely, { limit: 10 });
    expect(messages.map((message) => [message.purpose, message.state])).toEqual([
      ['precommit', 'final'],
      ['commit', 'final'],
    ]);
    expect(await audit(rig.modules.db.kysely, rig.modules.chain)).toEqual([]);
    await rig.set('batch.precommit.min', '1');
    await rig.set('batch.commit.min', '1');
  });

  it('is safe in any number: three coordinators at once do nothing twice', async () => {
    const numbers = await pledgeSectors(rig.modules, { miner: rig.miner, count: 4 });
    await using _coordinators = running(3);
    await workUntil('four sectors Proving', numbers, isProving);
    expect(await audit(rig.modules.db.kysely, rig.modules.chain)).toEqual([]);
  });

  it('counts on the miner’s free balance once, however many messages are on their way', async () => {
    const { chain, db } = rig.modules;
    const sender = rig.devnet.accounts.operator ?? '';
    const gift = {
      version: 0,
      to: idAddress(rig.miner, 't'),
      from: sender,
      nonce: 0,
      value: 100n * 10n ** 18n,
    };
    const gas = { gasLimit: 0n, gasFeeCap: 0n, gasPremium: 0n, method: 0, params: new Uint8Array() };
    await chain.mpoolPushMessage({ ...gift, ...gas } as Message, null);
    await waitFor(async () => (await chain.stateMinerAvailableBalance(gift.to, [])) > 50n * 10n ** 18n);
    const numbers = await pledgeSectors(rig.modules, { miner: rig.miner, count: 2 });
    await workUntil('both to be batched', numbers, (sector) => sector.state === 'PreCommitBatching');
    await rig.set('batch.precommit.max', '1');
    const before = (await listMessages(db.kysely, { limit: 100 })).at(-1)?.id ?? 0;
    await using _coordinator = running(1);
    await workUntil('both to be sent', numbers, (sector) => sector.state !== 'PreCommitBatching');
    const sent = await listMessages(db.kysely, { afterId: before, limit: 2 });
    expect(sent.map(({ purpose, value }) => [purpose, value > 0n])).toEqual([
      ['precommit', false],
      ['precommit', true],
    ]);
    await rig.set('batch.precommit.max', '256');
    await workUntil('both Proving', numbers, isProving);
  });

  it('parks what the chain has proven and a restored database has forgotten, and keeps its files', async () => {
    const { db } = rig.modules;
    const [proving] = await listSectors(db.kysely, { miner: rig.miner, states: ['Proving'], limit: 1 });
    if (!proving) throw new Error('nothing is Proving');
    await using _coordinator = running(1);
    // As an older copy of the database has it, in each of the states in which nobody else would notice.
    for (const state of ['PreCommitBatching', 'PreCommitWait', 'WaitSeed'] as const) {
      await patchSector(db.kysely, proving, { state, recoveries: {} });
      const [parked] = await workUntil('Parked', [proving.number], (sector) => sector.state === 'Parked');
      expect(parked?.parked_code).toBe('SECTOR_ALREADY_PROVEN');
      await expect(removeSector(rig.modules, proving)).rejects.toMatchObject({
        code: 'SECTOR_EVENT_REFUSED',
      });
    }
    await patchSector(db.kysely, proving, { ...proving });
  });

  it('goes on for all others when the chain has no answer for one sector and miner', async () => {
    const { db } = rig.modules;
    // A miner that this chain does not know, with a sector whose seed is due.
    await saveMiner(db.kysely, {
      id: 999,
      network: 'gone',
      sector_size: '2KiB',
      owner: 't01',
      worker: 't01',
    });
    const stray = { miner: 999, number: 0 };
    await insertSector(db.kysely, { ...stray, state: 'WaitSeed', kind: 'cc', seal_proof: 5 });
    await patchSector(db.kysely, stray, { precommit_epoch: 1 });
    const [number = -1] = await pledgeSectors(rig.modules, { miner: rig.miner, count: 1 });
    await using _coordinator = running(1);
    await workUntil('Proving', [number], isProving);
    await patchSector(db.kysely, stray, { state: 'Removed' });
  });

  it('pushes the same bytes again when a reorg drops the pre-commit, and seals for the seed that then holds', async () => {
    const [number = -1] = await pledgeSectors(rig.modules, { miner: rig.miner, count: 1 });
    await using _coordinator = running(1);
    const [waiting] = await workUntil('WaitSeed', [number], (sector) => sector.state === 'WaitSeed');
    const before = await messageOf('precommit', number);
    const { control } = rig.devnet;
    control.pause();
    await control.reorg(control.height - (waiting?.precommit_epoch ?? 0) + 2, { drop: [before.cid ?? ''] });
    control.resume();
    const [sector] = await workUntil('Proving', [number], isProving);
    const after = await messageOf('precommit', number);
    expect(after).toMatchObject({ id: before.id, nonce: before.nonce, cid: before.cid, state: 'final' });
    expect(sector?.precommit_epoch).toBeGreaterThan(waiting?.precommit_epoch ?? Number.POSITIVE_INFINITY);
    expect(sector).toMatchObject({ ticket: waiting?.ticket, comm_r: waiting?.comm_r });
    expect(await audit(rig.modules.db.kysely, rig.modules.chain)).toEqual([]);
  });

  it('lets one bad proof sink nobody else: it goes back, alone, and is parked when it stays bad', async () => {
    await rig.set('sector.retry.tries_percent', '20');
    await rig.set('sector.retry.backoff_percent', '1');
    await rig.set('batch.commit.min', '2');
    const numbers = await pledgeSectors(rig.modules, { miner: rig.miner, count: 2 });
    const [good = -1, bad = -1] = numbers;
    const commit2: WorkerAnswer = (run) =>
      run.number === bad ? { proof: `ee${'00'.repeat(191)}` } : honest(run);
    await using _coordinator = running(1);
    const sectors = await workUntil(
      'one Proving, one Parked',
      numbers,
      (sector) => ['Proving', 'Parked'].includes(sector.state),
      { commit2 },
    );
    expect(sectors.find((sector) => sector.number === good)?.state).toBe('Proving');
    const parked = sectors.find((sector) => sector.number === bad);
    expect(parked).toMatchObject({ state: 'Parked', commit_message: null });
    expect(parked?.parked_reason).toMatch(/tries/);
    expect(await audit(rig.modules.db.kysely, rig.modules.chain)).toEqual([]);
    await rig.set('batch.commit.min', '1');
    await rig.set('sector.retry.tries_percent', '100');
    await rig.set('sector.retry.backoff_percent', '100');
  });

  it('backs off a failed phase in MySQL, tries again when due, parks with its reason, resumes on command', async () => {
    await rig.set('sector.retry.backoff_percent', '2');
    const [number = -1] = await pledgeSectors(rig.modules, { miner: rig.miner, count: 1 });
    await using _coordinator = running(1);
    const precommit2: WorkerAnswer = () => ({ fail: 'SEALER_REPLICA_INVALID' });
    const [parked] = await workUntil('Parked', [number], (sector) => sector.state === 'Parked', {
      precommit2,
    });
    expect(parked).toMatchObject({ parked_from: 'PreCommit2', parked_code: 'SEALER_REPLICA_INVALID' });
    const runs = await listRunsOfSector(rig.modules.db.kysely, { miner: rig.miner, number });
    expect(runs.filter((run) => run.phase === 'precommit2').map((run) => run.status)).toEqual(
      new Array(5).fill('failed'),
    );
    expect(await whyWaiting(rig.modules.db.kysely, { miner: rig.miner, number })).toContain('told to fail');
    expect(await resumeSector(rig.modules, { miner: rig.miner, number })).toBe('PreCommit1');
    await workUntil('Proving', [number], isProving);
    await rig.set('sector.retry.backoff_percent', '100');
    expect(await audit(rig.modules.db.kysely, rig.modules.chain)).toEqual([]);
  });

  it('keeps a message without a nonce while its fee is over the cap, and sends it when the cap allows', async () => {
    await rig.set('fee.precommit.max', '1 attoFIL');
    const [number = -1] = await pledgeSectors(rig.modules, { miner: rig.miner, count: 1 });
    await using _coordinator = running(1);
    await workUntil('PreCommitWait', [number], (sector) => sector.state === 'PreCommitWait');
    const message = await waitFor(async () => {
      const found = await messageOf('precommit', number);
      return found.error_code === 'MESSAGE_FEE_OVER_CAP' && found;
    });
    expect(message).toMatchObject({ state: 'intent', nonce: null });
    expect(await whyWaiting(rig.modules.db.kysely, { miner: rig.miner, number })).toMatch(
      /fee cap of precommit/,
    );
    await rig.set('fee.precommit.max', '1 FIL');
    await workUntil('Proving', [number], isProving);
  });

  it('commits a sector with pieces by its manifest, whose CommD the chain computes for itself', async () => {
    const { db } = rig.modules;
    const commP = Buffer.alloc(32, 7);
    commP[31] = 0x17;
    const cid = unsealedCid(commP);
    const pieces = [{ cid, size: 1024 }];
    const commD = toHex(commDOfPieces(pieces, 2048));
    const id = await transaction(db, async (trx) => {
      const number = await allocateSectorNumber(trx, rig.miner);
      const sector = { miner: rig.miner, number };
      await insertSector(trx, { ...sector, state: 'Packing', kind: 'data', seal_proof: 5 });
      const piece = await insertPiece(trx, {
        cid,
        raw_size: 1000,
        padded_size: 1024,
        name: 'a.txt',
        format: 'file',
        path: '/pieces/a.txt',
        sha256: 'aa'.repeat(32),
      });
      await placePiecesInSector(trx, sector, [{ pieceId: piece, offset: 0 }]);
      return sector;
    });
    await moveSector(rig.modules, id, { type: 'pieces-closed' });
    await using _coordinator = running(1);
    const withData: WorkerAnswer = (run) => ({
      ...honest(run),
      ...('commD' in honest(run) ? { commD } : {}),
    });
    await workUntil('Proving', [id.number], isProving, {
      'add-piece': withData,
      precommit1: withData,
      precommit2: withData,
    });
    expect(await listPiecesOfSector(db.kysely, id)).toMatchObject([{ cid, status: 'sealed' }]);
    const onChain = await rig.modules.chain.stateSectorGetInfo(`t0${id.miner}`, id.number, []);
    expect(onChain?.dealWeight).toBeGreaterThan(0n);
    expect(await audit(db.kysely, rig.modules.chain)).toEqual([]);
  });
});

function running(count: number): AsyncDisposable {
  const coordinators = Array.from({ length: count }, () => rig.start());
  return {
    [Symbol.asyncDispose]: async () => {
      await Promise.all(coordinators.map((coordinator) => coordinator.stop()));
    },
  };
}

async function messageOf(purpose: string, number: number) {
  return rig.modules.db.kysely
    .selectFrom('message')
    .innerJoin('message_sector', 'message_sector.message_id', 'message.id')
    .selectAll('message')
    .where('message_sector.number', '=', number)
    .where('purpose', '=', purpose)
    .orderBy('message.id', 'desc')
    .executeTakeFirstOrThrow();
}
