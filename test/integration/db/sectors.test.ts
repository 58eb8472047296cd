import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SectorId } from '#core';
import {
  allocateSectorNumber,
  countSectorsByState,
  findSector,
  insertSector,
  insertSectorEvent,
  insertStoragePath,
  isDuplicateKey,
  listLandedFiles,
  listSectorEvents,
  listSectors,
  lockMinerActivity,
  lockSector,
  type NewLandedFile,
  patchSector,
  replaceLandedFiles,
  transaction,
} from '#db';
import { createMigratedDatabase, type MigratedDatabase } from '#testing';
import { addMiner, addSector, MINER } from './fixtures.ts';

let store: MigratedDatabase;
beforeAll(async () => {
  store = await createMigratedDatabase({ poolSize: 20 });
  await addMiner(store.database);
});
afterAll(() => store.drop());

describe('sector numbers', () => {
  it('are given out once each, to any number that ask at once', async () => {
    await addMiner(store.database, 2000);
    const allocate = () =>
      transaction(store.database, async (trx) => {
        const number = await allocateSectorNumber(trx, 2000);
        await insertSector(trx, { miner: 2000, number, state: 'AddPiece', kind: 'cc', seal_proof: 5 });
        return number;
      });
    const numbers = await Promise.all(Array.from({ length: 30 }, allocate));
    expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, index) => index));
  });

  it('skip those that the chain or this database knows', async () => {
    await addMiner(store.database, 2001);
    await addSector(store.database, 4, 2001);
    const onChain = new Set([0, 1, 5]);
    const nextFree = (from: number): number => (onChain.has(from) ? nextFree(from + 1) : from);
    const allocate = () => transaction(store.database, (trx) => allocateSectorNumber(trx, 2001, nextFree));
    expect([await allocate(), await allocate(), await allocate()]).toEqual([2, 3, 6]);
  });

  it('are not given out again when the transaction that took one failed', async () => {
    await addMiner(store.database, 2002);
    const failing = transaction(store.database, async (trx) => {
      await allocateSectorNumber(trx, 2002);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await transaction(store.database, (trx) => allocateSectorNumber(trx, 2002))).toBe(0);
  });

  it('need a miner', async () => {
    await expect(transaction(store.database, (trx) => allocateSectorNumber(trx, 9))).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });
});

describe('a sector’s row', () => {
  it('is read as it was written', async () => {
    const id = await addSector(store.database, 1);
    const before = await findSector(store.database.kysely, id);
    expect(before).toMatchObject({
      state: 'PreCommit1',
      recoveries: {},
      commit1_output: null,
      unproven: false,
    });
    const output = { path: '/w/c1.json', sha256: 'ab' };
    await sql`DO SLEEP(0.005)`.execute(store.database.kysely);
    await patchSector(store.database.kysely, id, {
      state: 'Commit2',
      commit1_output: output,
      recoveries: { commit2: 2 },
      unproven: true,
    });
    const after = await findSector(store.database.kysely, id);
    expect(after).toMatchObject({
      state: 'Commit2',
      commit1_output: output,
      recoveries: { commit2: 2 },
      unproven: true,
    });
    expect(after?.state_at.getTime()).toBeGreaterThan(before?.state_at.getTime() ?? Infinity);

    await patchSector(store.database.kysely, id, { commit1_output: null });
    expect(await findSector(store.database.kysely, id)).toMatchObject({ commit1_output: null });
  });

  it('cannot be there twice, nor without its miner', async () => {
    await addSector(store.database, 2);
    await expect(addSector(store.database, 2)).rejects.toSatisfy(isDuplicateKey);
    await expect(addSector(store.database, 2, 77)).rejects.toMatchObject({ errno: 1452 });
    await expect(
      patchSector(store.database.kysely, { miner: 7, number: 7 }, { ticket: 'x' }),
    ).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  it('locked, makes others wait', async () => {
    const id = await addSector(store.database, 3);
    const order: string[] = [];
    const locked = Promise.withResolvers<void>();
    const first = transaction(store.database, async (trx) => {
      await lockSector(trx, id);
      locked.resolve();
      await sql`DO SLEEP(0.2)`.execute(trx);
      order.push('first');
    });
    await locked.promise;
    const second = transaction(store.database, async (trx) => {
      await lockSector(trx, id);
      order.push('second');
    });
    await Promise.all([first, second]);
    expect(order).toEqual(['first', 'second']);
  });

  it('has a log in the order things happened', async () => {
    const id = await addSector(store.database, 5);
    const names = ['added', 'claimed', 'failed'];
    for (const event of names)
      await insertSectorEvent(store.database.kysely, { ...id, event, data: { fee: 12n } });
    const events = await listSectorEvents(store.database.kysely, id);
    expect(events.map((event) => event.event)).toEqual(names);
    expect(events[0]?.data).toEqual({ fee: '12' });
    const rest = await listSectorEvents(store.database.kysely, id, { afterId: events[1]?.id ?? 0 });
    expect(rest.map((event) => event.event)).toEqual(['failed']);
  });
});

describe('forming batches', () => {
  it('is serialised per miner and activity', async () => {
    const order: string[] = [];
    const form = (name: string) =>
      transaction(store.database, async (trx) => {
        await lockMinerActivity(trx, MINER, 'precommit');
        order.push(`${name} in`);
        await sql`DO SLEEP(0.05)`.execute(trx);
        order.push(`${name} out`);
      });
    await Promise.all([form('a'), form('b')]);
    const [first] = order;
    expect(order[1]).toBe(first?.replace('in', 'out'));
    await expect(transaction(store.database, (trx) => lockMinerActivity(trx, 99, 'x'))).rejects.toMatchObject(
      {
        errno: 1452,
      },
    );
  });
});

describe('landed files', () => {
  it('are those of the last landing only', async () => {
    const id = await addSector(store.database, 6);
    const storage_id = await insertStoragePath(store.database.kysely, {
      name: 'nas',
      path: '/mnt/nas',
      can_seal: false,
      can_store: true,
    });
    const file = (path: string): NewLandedFile => ({
      kind: 'sealed',
      storage_id,
      path,
      size: 2048,
      sha256: 'a'.repeat(64),
    });
    const land = (attempt: number, path: string) =>
      transaction(store.database, async (trx) => {
        await lockSector(trx, id);
        return replaceLandedFiles(trx, id, { attempt, claim: 1 }, [file(path)]);
      });
    expect(await land(1, 's.1.1/sealed')).toEqual([]);
    expect(await land(2, 's.2.1/sealed')).toMatchObject([{ path: 's.1.1/sealed', attempt: 1 }]);
    expect(await land(2, 's.2.1/sealed')).toEqual([]);
    expect(await listLandedFiles(store.database.kysely, id)).toMatchObject([
      { path: 's.2.1/sealed', attempt: 2 },
    ]);
  });
});

describe('100,000 sectors', () => {
  it('are paged through at the same cost everywhere', async () => {
    await addMiner(store.database, 3000);
    await sql`INSERT INTO sector (miner, number, state, kind, seal_proof, recoveries)
      WITH RECURSIVE digit AS (SELECT 0 AS d UNION ALL SELECT d + 1 FROM digit WHERE d < 9)
      SELECT 3000, a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d,
        IF(a.d + b.d + c.d = 0, 'Parked', 'Proving'), 'cc', 5, '{}'
      FROM digit a, digit b, digit c, digit e, digit f`.execute(store.database.kysely);

    expect(await countSectorsByState(store.database.kysely, 3000)).toEqual([
      { miner: 3000, state: 'Parked', sectors: 100 },
      { miner: 3000, state: 'Proving', sectors: 99_900 },
    ]);
    const afters: (SectorId | undefined)[] = [undefined, { miner: 3000, number: 99_000 }];
    for (const after of afters) {
      expect(await rowsRead((kysely) => listSectors(kysely, { miner: 3000, after, limit: 50 }))).toBeLessThan(
        60,
      );
      const parked = { states: ['Parked'], after, limit: 50 } as const;
      expect(await rowsRead((kysely) => listSectors(kysely, parked))).toBeLessThan(60);
      expect(await rowsRead((kysely) => listSectors(kysely, { after, limit: 50 }))).toBeLessThan(60);
    }
  });

  it('no page leaves a sector out or shows it twice', async () => {
    const seen: number[] = [];
    let after: SectorId | undefined;
    do {
      const page = await listSectors(store.database.kysely, { miner: 2000, after, limit: 7 });
      seen.push(...page.map((sector) => sector.number));
      after = page.at(-1);
    } while (after);
    expect(seen).toEqual(Array.from({ length: 30 }, (_, index) => index));
  });
});

/** How many rows the server touched for a query: its cost, whatever the load of the machine. */
async function rowsRead(
  query: (executor: typeof store.database.kysely) => Promise<unknown>,
): Promise<number> {
  return store.database.kysely.connection().execute(async (connection) => {
    const handlers = async () => {
      const { rows } = await sql<{ Value: string }>`SHOW SESSION STATUS LIKE 'Handler_read%'`.execute(
        connection,
      );
      return rows.reduce((sum, row) => sum + Number(row.Value), 0);
    };
    const before = await handlers();
    await query(connection);
    return (await handlers()) - before;
  });
}
