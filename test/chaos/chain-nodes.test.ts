import { describe, test } from 'vitest';
import { SECTOR_STATES, type SectorState } from '#core';
import { findSector } from '#db';
import type { Faults } from '#devnet';
import { waitFor } from '#testing';
import { sealOverBadNodes } from './support/chain-under-fire.ts';
import { strikeNode } from './support/node-strikes.ts';
import type { UnderFire } from './support/sealing-under-fire.ts';

/**
 * One fault on each of the chain's three nodes in turn, at three moments of a sector's life, with all roles as
 * processes: every sector `Proving`, nothing sent twice, no gas for failures, nothing parked.
 */

const FOR_MS = 4_000;
/** When each node is struck: before the pre-commit, before the seed, before the prove-commit. */
const MOMENTS = ['PreCommit1', 'WaitSeed', 'Commit1'] as const satisfies readonly SectorState[];

/** Waits until a sector has come to a state, or past it. */
async function until(fire: UnderFire, state: (typeof MOMENTS)[number]): Promise<void> {
  const past = (at: SectorState): boolean => SECTOR_STATES.indexOf(at) >= SECTOR_STATES.indexOf(state);
  const look = async (): Promise<boolean> => {
    const rows = await Promise.all(fire.sectors.map((id) => findSector(fire.modules.db.kysely, id)));
    return rows.some((row) => row !== undefined && past(row.state));
  };
  await waitFor(look, { deadlineMs: 120_000, intervalMs: 20, what: `a sector in ${state}` });
}

describe.concurrent('each of three nodes', () => {
  test.each<readonly [string, Partial<Faults>]>([
    ['is killed', { down: true }],
    ['stands still', { stall: true }],
    ['dies with the answer to a push', { dieAfter: 'MpoolPush' }],
    ['dies with the answer to whatever comes next', { dieAfter: '*' }],
    ['is slow', { slowMs: 800 }],
    ['fails half of its calls', { errorShare: 0.5 }],
    ['limits its callers', { callsPerSecond: 1 }],
    ['is apart from gossip', { partitioned: true }],
  ])('%s for a while', async (_what, fault) => {
    await sealOverBadNodes({ sectors: 2 }, async (fire) => {
      for (const [node, moment] of MOMENTS.entries()) {
        await until(fire, moment);
        await strikeNode(fire, { node, fault, forMs: FOR_MS });
      }
    });
  });
});
