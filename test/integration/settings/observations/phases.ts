import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import { expect } from 'vitest';
import type { SettingName } from '#config';
import { PHASE_NAMES, type Phase, type SectorId, sectorName } from '#core';
import { waitFor } from '#testing';
import { IN_FORCE, type Observations, stays } from '../support/observation.ts';
import { WORKER, type WorkerBench } from '../support/worker-bench.ts';

/** A worker with one run of every phase before it. */
export interface PhasesBench extends WorkerBench {
  readonly sectors: Readonly<Record<Phase, SectorId>>;
}

/** What the run of each phase finds in the sector's row before it asks the chain or looks at storage. */
const FACTS = {
  ticket: '11'.repeat(32),
  ticket_epoch: 4_000,
  comm_d: '22'.repeat(32),
  comm_r: '33'.repeat(32),
  precommit_epoch: 4_900,
  seed: '44'.repeat(32),
  seed_epoch: 4_950,
};

export async function oneRunOfEachPhase(bench: WorkerBench): Promise<Record<Phase, SectorId>> {
  const sectors: [Phase, SectorId][] = [];
  for (const phase of PHASE_NAMES) {
    const facts = phase === 'add-piece' || phase === 'precommit1' ? {} : FACTS;
    const proven = phase === 'clear-cache' ? { proof: 'ab', landed_at: new Date() } : {};
    const id = await bench.sectorWithRun(phase, { ...facts, ...proven });
    if (phase === 'landing') await fakeWorkspace(bench, id);
    sectors.push([phase, id]);
  }
  return Object.fromEntries(sectors) as Record<Phase, SectorId>;
}

async function fakeWorkspace({ fleet }: WorkerBench, id: SectorId): Promise<void> {
  const folder = join(fleet.folder, 'work', WORKER, sectorName(id));
  await mkdir(join(folder, 'cache'), { recursive: true });
  await writeFile(join(folder, 'sealed'), Buffer.alloc(2_048));
}

/**
 * Everything outside of the sealers that a phase waits for stands still: the chain gives no answer, and neither does
 * the table of storage paths. Returns how it goes on.
 */
export async function standStill({ fleet }: WorkerBench): Promise<() => Promise<void>> {
  const forever = Promise.withResolvers<never>();
  forever.promise.catch(() => undefined);
  for (const call of ['head', 'ticketRules', 'isNumberTaken', 'preCommit'] as const) {
    fleet.chain[call] = () => forever.promise;
  }
  const locked = Promise.withResolvers<void>();
  const unlock = Promise.withResolvers<void>();
  const lock = fleet.database.kysely.connection().execute(async (connection) => {
    await sql`LOCK TABLES storage_path WRITE`.execute(connection);
    locked.resolve();
    await unlock.promise;
    await sql`UNLOCK TABLES`.execute(connection);
  });
  await Promise.race([locked.promise, lock]);
  return async () => {
    forever.reject(new Error('the chain of this bench has been given up'));
    unlock.resolve();
    await lock;
  };
}

async function run(bench: PhasesBench, phase: Phase) {
  const runs = await bench.runs(bench.sectors[phase]);
  const first = runs.find((one) => one.phase === phase && one.attempt === 1);
  if (!first) throw new Error(`there is no run of ${phase}`);
  return first;
}

/** Taken when the limit is 1, and the other phases are not; nothing more is taken when it is 0 again. */
async function limit(bench: PhasesBench, phase: Phase): Promise<void> {
  const claims = async (of: Phase) => (await run(bench, of)).claim;
  const others = PHASE_NAMES.slice(PHASE_NAMES.indexOf(phase) + 1);
  await stays('nothing taken', async () => (await claims(phase)) === 0);
  await bench.change(`worker.limit.${phase}`, '1', `worker:${WORKER}`);
  await waitFor(async () => (await claims(phase)) > 0, { ...IN_FORCE, what: `${phase} taken` });
  for (const other of others) expect(await claims(other), other).toBe(0);
  await bench.change(`worker.limit.${phase}`, '0', `worker:${WORKER}`);
  await waitFor(
    () => bench.agent.choice?.refusals.some((one) => one.phase === phase && one.code === 'no-limit'),
    IN_FORCE,
  );
}

/** A run that hangs is ended when it has taken longer than its own phase's limit, which differs from the others'. */
async function timeLimit(bench: PhasesBench, phase: Phase): Promise<void> {
  await waitFor(async () => (await run(bench, phase)).status === 'running', { what: `${phase} running` });
  await stays('running', async () => (await run(bench, phase)).status === 'running');
  const seconds = PHASE_NAMES.indexOf(phase) + 1;
  await bench.change(`phase.time_limit.${phase}`, `${seconds}s`);
  const ended = await waitFor(
    async () => {
      const now = await run(bench, phase);
      return now.status === 'failed' && now;
    },
    { deadlineMs: 25_000, what: `${phase} ended` },
  );
  expect(ended.error_code).toBe('WORKER_TIME_LIMIT');
  expect(ended.error_message).toMatch(new RegExp(`\\b${seconds} s`));
}

export const LIMITS = perPhase('worker.limit', limit);
export const TIME_LIMITS = perPhase('phase.time_limit', timeLimit);

function perPhase<Prefix extends 'worker.limit' | 'phase.time_limit'>(
  prefix: Prefix,
  observe: (bench: PhasesBench, phase: Phase) => Promise<void>,
): Observations<Extract<SettingName, `${Prefix}.${Phase}`>, PhasesBench> {
  const entries = PHASE_NAMES.map((phase) => [
    `${prefix}.${phase}`,
    (bench: PhasesBench) => observe(bench, phase),
  ]);
  return Object.fromEntries(entries);
}
