import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type SectorId, sectorName } from '#core';
import { listLandedFiles, listStoragePaths, replaceLandedFiles } from '#db';
import { waitFor } from '#testing';
import { IN_FORCE, type Observations } from '../support/observation.ts';
import { WORKER, type WorkerBench } from '../support/worker-bench.ts';

/** A sector with a workspace that can land: files that nobody has sealed, since landing copies and compares bytes. */
function landing(bench: WorkerBench): Promise<SectorId> {
  return bench.sectorWithRun('landing', { kind: 'data' }, async (_trx, id) => {
    const folder = join(bench.fleet.folder, 'work', WORKER, sectorName(id));
    await mkdir(join(folder, 'cache'), { recursive: true });
    for (const name of ['sealed', 'unsealed', 'cache/p_aux']) await writeFile(join(folder, name), name);
  });
}

/** A sector whose workspace may be cleared, but for the depth of its pre-commit: 50 epochs on this bench's chain. */
function landedSector({ fleet, sectorWithRun }: WorkerBench): Promise<SectorId> {
  const facts = { comm_r: '33'.repeat(32), proof: 'ab', landed_at: new Date() };
  return sectorWithRun(
    'clear-cache',
    { ...facts, precommit_epoch: fleet.chain.epoch - 50 },
    async (trx, id) => {
      const path = join(sectorName(id), 'sealed');
      const [store] = await listStoragePaths(trx);
      if (!store) throw new Error('the bench has a storage path');
      await mkdir(join(store.path, sectorName(id)));
      await writeFile(join(store.path, path), 'sealed');
      const file = { kind: 'sealed', storage_id: store.id, path, size: 6, sha256: 'aa'.repeat(32) } as const;
      await replaceLandedFiles(trx, id, { attempt: 1, claim: 1 }, [file]);
    },
  );
}

const untilDone = (bench: WorkerBench, id: SectorId, phase: string) =>
  waitFor(async () => (await bench.runs(id)).find((run) => run.phase === phase && run.status === 'done'), {
    ...IN_FORCE,
    what: `${phase} of sector ${id.number}`,
  });

/** What becomes of a fresh sector whose PreCommit2 fails for lack of a ticket: its runs, once the first has failed. */
async function failing(bench: WorkerBench) {
  const id = await bench.sectorWithRun('precommit2');
  return waitFor(async () => {
    const runs = await bench.runs(id);
    return runs.some((run) => run.status === 'failed') && { id, runs };
  }, IN_FORCE);
}

export const SEALING: Observations<
  | 'seal.check_seeds'
  | 'sector.keep_unsealed'
  | 'sector.retry.tries_percent'
  | 'sector.retry.backoff_percent'
  | 'storage.min_free'
  | 'chain.confidence.precommit',
  WorkerBench
> = {
  /** A real sector of 2 KiB through the real sealer for each. */
  'seal.check_seeds': async (bench) => {
    for (const phase of ['add-piece', 'precommit1', 'precommit2'] as const)
      await bench.given(`worker.limit.${phase}`, '1');
    const checked = async () => {
      const id = await bench.sectorWithRun('add-piece');
      return (await untilDone(bench, id, 'precommit2')).result?.checkedSeeds;
    };
    expect(await checked()).toBe(8);
    await bench.change('seal.check_seeds', '3');
    await waitFor(async () => (await checked()) === 3, { deadlineMs: 20_000 });
  },

  'sector.keep_unsealed': async (bench) => {
    await bench.given('storage.min_free', '1MiB');
    await bench.given('worker.limit.landing', '1');
    const kept = async () => {
      const id = await landing(bench);
      await untilDone(bench, id, 'landing');
      return (await listLandedFiles(bench.fleet.database.kysely, id)).some(
        (file) => file.kind === 'unsealed',
      );
    };
    expect(await kept()).toBe(true);
    await bench.change('sector.keep_unsealed', 'false', 'miner:1000');
    await waitFor(async () => !(await kept()), IN_FORCE);
  },

  'storage.min_free': async (bench) => {
    await bench.given('storage.min_free', '100TiB');
    await bench.given('sector.retry.backoff_percent', '0');
    await bench.given('worker.limit.landing', '1');
    const id = await landing(bench);
    const refused = await waitFor(async () => (await bench.runs(id)).find((run) => run.status === 'failed'));
    expect(refused).toMatchObject({ error_code: 'STORAGE_NO_PATH' });
    expect(refused.error_message).toContain('stay free');
    // Without back-off its tries are used up fast: what then lands is the next sector.
    await bench.change('storage.min_free', '1MiB');
    await waitFor(async () => {
      const next = await landing(bench);
      return waitFor(async () => (await bench.runs(next)).some((run) => run.status === 'done'), {
        deadlineMs: 500,
      });
    }, IN_FORCE);
  },

  'sector.retry.backoff_percent': async (bench) => {
    await bench.given('worker.limit.precommit2', '1');
    const { runs } = await failing(bench);
    expect(runs.map((run) => run.status).toSorted()).toEqual(['failed', 'waiting']);
    await bench.change('sector.retry.backoff_percent', '0', 'miner:1000');
    await waitFor(async () => {
      const again = await failing(bench);
      return again.runs.every((run) => run.status !== 'waiting');
    }, IN_FORCE);
  },

  'sector.retry.tries_percent': async (bench) => {
    await bench.given('worker.limit.precommit2', '1');
    const { id } = await failing(bench);
    expect((await bench.fleet.sector(id)).state).not.toBe('Parked');
    await bench.change('sector.retry.tries_percent', '0', 'miner:1000');
    const parked = await waitFor(async () => {
      const again = await failing(bench);
      return (await bench.fleet.sector(again.id)).state === 'Parked' && again;
    }, IN_FORCE);
    expect(parked.runs).toHaveLength(1);
  },

  'chain.confidence.precommit': async (bench) => {
    await bench.given('worker.limit.clear-cache', '1');
    await bench.given('chain.confidence.precommit', '900');
    const answer = async () => {
      const id = await landedSector(bench);
      return waitFor(async () => {
        const [run] = await bench.runs(id);
        return (run?.status === 'waiting' || run?.status === 'done') && run;
      }, IN_FORCE);
    };
    expect((await answer()).status).toBe('waiting');
    await bench.change('chain.confidence.precommit', '20');
    await waitFor(async () => (await answer()).status === 'done', IN_FORCE);
  },
};
