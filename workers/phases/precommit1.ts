import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BeeproError } from '#core';
import { type SectorRow, transaction } from '#db';
import { applyFenced, ticketFor } from '#sector';
import { need } from './need.ts';
import type { PhaseContext, PhaseHandler } from './phase.ts';
import { sealerPieces } from './pieces.ts';
import { forgetSyntheticProofs } from './synthetic.ts';

/** Epochs of an old ticket's life that must be left: 5 hours, for PC1 and PC2 on a slow machine and the batch after. */
const TICKET_SPARE = 600;

/**
 * The slow encoding of the labels. The ticket is drawn when it starts, 900 epochs behind the head so that no reorg
 * voids it, and committed under this run's fence before a layer is computed for it.
 */
export const preCommit1: PhaseHandler = {
  phase: 'precommit1',
  sealer: 'cpu',

  async run(context) {
    if (context.run.input.wipe === true) await wipe(context);
    const sector = await context.sector();
    const ticket = await holdTicket(context, sector);
    const answer = await context.seal('pc1', 'pre-commit-1', {
      sector: context.sealerSector,
      ticket,
      pieces: await sealerPieces(context, sector),
    });
    return { commD: answer.comm_d, layers: answer.layers, reusedLayers: answer.reused_layers };
  },
};

/** After a redo nothing that was computed is trusted; once for each run, whatever restarts in between. */
async function wipe(context: PhaseContext): Promise<void> {
  const mark = join(await context.workspace.prepare(context.id), '.wiped');
  const wiped = await readFile(mark, 'utf8').catch(() => '');
  if (wiped === String(context.run.id)) return;
  await context.requireClaim();
  await forgetSyntheticProofs(context.workspace, context.id);
  for (const name of ['cache', 'sealed', 'c1.json'] as const) {
    context.signal.throwIfAborted();
    await rm(context.workspace.file(context.id, name), { recursive: true, force: true });
  }
  await writeFile(mark, String(context.run.id));
}

/** Keeps the sector's ticket while it is bound or young enough, else draws one and commits it. */
async function holdTicket(context: PhaseContext, sector: SectorRow): Promise<string> {
  const [head, rules] = await Promise.all([context.chain.head(), context.chain.ticketRules()]);
  const decision = ticketFor({ ...sector, active: [] }, head.epoch, rules, TICKET_SPARE);
  if (decision.use === 'own') return need(sector.ticket, 'ticket', 'precommit1');
  const ticket = await context.chain.ticket(context.id.miner, decision.epoch, head);
  const applied = await transaction(context.database, (trx) =>
    applyFenced(trx, context.fence, { type: 'ticket-drawn', ticket, epoch: decision.epoch }),
  );
  if ('status' in applied) throw new BeeproError('SEALER_CANCELLED');
  if ('refused' in applied) {
    throw new BeeproError('WORKER_PRECONDITION', { phase: 'precommit1', detail: applied.refused });
  }
  return ticket;
}
