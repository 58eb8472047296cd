import { BeeproError, isBeeproError } from '#core';
import type { SectorRow } from '#db';
import { ticketExpired } from '#sector';
import { need } from './need.ts';
import type { PhaseContext, PhaseHandler } from './phase.ts';
import { sealerPieces } from './pieces.ts';
import { dropLayers, ensureSyntheticProofs } from './synthetic.ts';

/**
 * The replica: encoded in place, so only on a copy that PC1 has just restored. Whatever was interrupted before, the
 * sealer's markers say whether PC1 must run again (finished layers are reused) or the replica is complete. Before
 * the result counts, vanilla proofs for several random seeds are made of it: a damaged replica never gets a
 * pre-commit, and so no deposit. A synthetic sector's layers end here.
 */
export const preCommit2: PhaseHandler = {
  phase: 'precommit2',
  sealer: 'cpu',

  async run(context) {
    const sector = await context.sector();
    const ticket = need(sector.ticket, 'ticket', 'precommit2');
    const [head, rules] = await Promise.all([context.chain.head(), context.chain.ticketRules()]);
    if (ticketExpired({ ...sector, active: [] }, head.epoch, rules)) {
      throw new BeeproError('SECTOR_TICKET_EXPIRED', { ticketEpoch: sector.ticket_epoch, epoch: head.epoch });
    }
    const { commR, commD } = await encode(context, ticket, sector);
    const seeds = context.settings.checkSeeds(context.id.miner);
    const check = { sector: context.sealerSector, ticket, comm_r: commR, seeds };
    const checked = await context.seal('check', 'check', check);
    if (context.proof.variant === 'synthetic') await dropLayers(context, commR);
    return { commR, commD, checkedSeeds: checked.seeds };
  },
};

interface Commitments {
  readonly commR: string;
  readonly commD: string;
}

async function encode(
  context: PhaseContext,
  ticket: string,
  sector: Pick<SectorRow, 'kind'>,
): Promise<Commitments> {
  const params = { sector: context.sealerSector, ticket };
  try {
    const { comm_r: commR, comm_d: commD } = await context.seal('pc2', 'pre-commit-2', params);
    return { commR, commD };
  } catch (error) {
    if (!isBeeproError(error, 'SEALER_REPLICA_NOT_FRESH')) throw error;
    const complete = completeReplica(error);
    if (complete) {
      if (context.proof.variant === 'synthetic') await ensureSyntheticProofs(context, ticket, complete.commR);
      return complete;
    }
  }
  context.progress({ step: 'restoring the replica' });
  await context.seal('restore', 'pre-commit-1', { ...params, pieces: await sealerPieces(context, sector) });
  const { comm_r: commR, comm_d: commD } = await context.seal('pc2-again', 'pre-commit-2', params);
  return { commR, commD };
}

/** PC2 had ended, and its answer was lost with an agent or a database. */
function completeReplica(error: BeeproError): Commitments | undefined {
  const { state, comm_r: commR, comm_d: commD } = error.data;
  const complete = state === 'sealed' && typeof commR === 'string' && typeof commD === 'string';
  return complete ? { commR, commD } : undefined;
}
