import { shareC1 } from '../c1-stream/shared-copy.ts';
import type { PhaseHandler } from './phase.ts';
import { provenFacts } from './seed.ts';

/** The vanilla proofs for the chain's seed: all that C2 needs, in one file, and a copy of it where every worker reads. */
export const commit1: PhaseHandler = {
  phase: 'commit1',
  sealer: 'cpu',

  async run(context) {
    const facts = await provenFacts(context, await context.sector());
    const { c1 } = await context.seal('c1', 'commit-1', {
      sector: context.sealerSector,
      ticket: facts.ticket,
      seed: facts.seed,
      comm_r: facts.commR,
      comm_d: facts.commD,
    });
    const shared = await shareC1(context, c1);
    const output = { path: c1.path, sha256: c1.sha256, size: c1.size, ...(shared ? { shared } : {}) };
    return { output, size: c1.size };
  },
};
