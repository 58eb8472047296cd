import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { insertStoragePath, listSectors } from '#db';
import { audit, pledgeSectors, whyWaiting } from '#sector';
import { waitFor } from '#testing';
import { createSealingRig, type SealingRig, type WorkerAnswer } from './sealing-rig.ts';

let rig: SealingRig;
let storageId: number;

beforeAll(async () => {
  rig = await createSealingRig();
  storageId = await insertStoragePath(rig.modules.db.kysely, {
    name: 'store',
    path: '/store',
    can_seal: false,
    can_store: true,
    miner: null,
  });
});
afterAll(() => rig[Symbol.asyncDispose]());

const landing: WorkerAnswer = (run) => ({
  files: [
    {
      kind: 'sealed',
      storageId,
      path: `s-t0${run.miner}-${run.number}.${run.attempt}.${run.claim}/sealed`,
      size: 2048,
      sha256: 'aa'.repeat(32),
    },
  ],
});

describe('the coordinator on a devnet', () => {
  it('brings pledged sectors to Proving, one batch of each kind for all', async () => {
    const numbers = await pledgeSectors(rig.modules, { miner: rig.miner, count: 3 });
    expect(numbers).toHaveLength(3);
    await rig.set('batch.precommit.min', '3');
    await rig.set('batch.commit.min', '3');
    const coordinator = rig.start();
    try {
      const sectors = await waitFor(
        async () => {
          await rig.work({ landing });
          const all = await listSectors(rig.modules.db.kysely, { miner: rig.miner, limit: 10 });
          return all.every((sector) => sector.state === 'Proving') && all;
        },
        { deadlineMs: 50_000, intervalMs: 50, what: 'three sectors Proving' },
      );
      for (const sector of sectors) {
        expect(sector).toMatchObject({ unproven: true, worker: null, recoveries: {} });
        expect(await whyWaiting(rig.modules.db.kysely, sector)).toBe('its first WindowPoSt');
      }
      const messages = await rig.modules.db.kysely.selectFrom('message').selectAll().execute();
      expect(messages.map((message) => [message.purpose, message.state])).toEqual([
        ['precommit', 'final'],
        ['commit', 'final'],
      ]);
      expect(await audit(rig.modules.db.kysely, rig.modules.chain)).toEqual([]);
    } finally {
      await coordinator.stop();
    }
  });
});
