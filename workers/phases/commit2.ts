import { BeeproError } from '#core';
import { findSector } from '#db';
import { C2Memo, isReplayNetwork, isStandInProof, porepParametersIdentity } from '#sealer';
import { dropSharedC1 } from '../c1-stream/shared-copy.ts';
import { requireParameters } from './parameters.ts';
import type { PhaseContext, PhaseHandler } from './phase.ts';
import { type ProvenFacts, provenFacts } from './seed.ts';

/**
 * The SNARK, of a sector of this worker or of another's. It counts only when it verifies against what the chain has of
 * the sector.
 */
export const commit2: PhaseHandler = {
  phase: 'commit2',
  sealer: 'prover',

  async run(context) {
    const sector = await context.sector();
    const facts = await provenFacts(context, sector);
    const c1 = await context.inbox.take(context);
    const { proof, fromMemo } = await prove(context, c1);
    await verify(context, facts, proof);
    return { proof, ...(fromMemo ? { fromMemo } : {}) };
  },

  async afterAccepted(context) {
    const sector = await findSector(context.database.kysely, context.id);
    if (sector?.proof) await dropSharedC1(context, sector.commit1_output?.shared);
  },
};

interface C1File {
  readonly path: string;
  readonly sha256: string;
}

async function prove(context: PhaseContext, c1: C1File): Promise<{ proof: string; fromMemo: boolean }> {
  const compute = async () => {
    const answer = await context.seal('c2', 'commit-2', {
      ...context.id,
      c1: { path: c1.path, sha256: c1.sha256 },
    });
    return answer.proof;
  };
  // It needs no parameters, and its network says in its name that nothing is proven there.
  if (await context.standIn()) return { proof: await compute(), fromMemo: false };
  const { directory } = await context.seal('parameters', 'params', {});
  await requireParameters(context, directory);
  const memo = C2Memo.fromEnvironment();
  if (!memo) return { proof: await compute(), fromMemo: false };

  const parameters = await porepParametersIdentity(directory);
  const known = parameters ? await memo.find(context.network, c1.sha256, parameters) : undefined;
  if (known !== undefined) return { proof: known, fromMemo: true };
  const proof = await compute();
  // Loading the parameters for the first time may have written their verifying key.
  const now = parameters || (await porepParametersIdentity(directory));
  if (now) await memo.store(context.network, c1.sha256, now, proof);
  return { proof, fromMemo: false };
}

async function verify(context: PhaseContext, facts: ProvenFacts, proof: string): Promise<void> {
  // Whatever the sealer says of itself and of this: what is marked as no proof goes nowhere else.
  if (isStandInProof(Buffer.from(proof, 'hex')) && !isReplayNetwork(context.network)) {
    throw new BeeproError('SEALER_STAND_IN_REFUSED', { standIn: 'replay', network: context.network });
  }
  const { valid } = await context.seal('verify', 'verify-seal', {
    ...context.id,
    proof_type: context.proof.id,
    comm_r: facts.commR,
    comm_d: facts.commD,
    ticket: facts.ticket,
    seed: facts.seed,
    proof,
  });
  if (!valid)
    throw new BeeproError('SEALER_PROOF_INVALID', { detail: 'C2’s proof against the chain’s facts' });
}
