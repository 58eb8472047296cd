import { BeeproError } from '#core';
import type { SectorRow } from '#db';
import type { PreCommitFact } from '../chain-facts.ts';
import { need } from './need.ts';
import type { PhaseContext } from './phase.ts';

export interface ProvenFacts {
  readonly ticket: string;
  readonly seed: string;
  readonly commR: string;
  readonly commD: string;
}

/**
 * What a proof is made for, after asking the chain once more: a reorg moves the epoch of a pre-commit and so its
 * seed, and nobody computes 100 CPU-seconds for a seed that is gone.
 * @throws BeeproError `SECTOR_SEED_MOVED`, `SECTOR_COMMR_DIFFERS`
 */
export async function provenFacts(context: PhaseContext, sector: SectorRow): Promise<ProvenFacts> {
  const { phase } = context.run;
  const expected = need(sector.precommit_epoch, 'pre-commit epoch', phase);
  const commR = need(sector.comm_r, 'CommR', phase);
  checkPreCommit(await context.chain.preCommit(context.id), { epoch: expected, commR });
  return {
    commR,
    ticket: need(sector.ticket, 'ticket', phase),
    seed: need(sector.seed, 'seed', phase),
    commD: need(sector.comm_d, 'CommD', phase),
  };
}

export function checkPreCommit(
  actual: PreCommitFact | undefined,
  expected: { readonly epoch: number; readonly commR: string },
): void {
  if (actual?.epoch !== expected.epoch) {
    throw new BeeproError('SECTOR_SEED_MOVED', { actual: actual?.epoch ?? 'none', expected: expected.epoch });
  }
  if (actual.commR !== expected.commR) {
    throw new BeeproError('SECTOR_COMMR_DIFFERS', { actual: expected.commR, expected: actual.commR });
  }
}
