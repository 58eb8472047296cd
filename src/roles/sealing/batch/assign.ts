import type { BatchReason, SectorWithPieces } from '#chain';
import { idAddress, prefixOf, toBase64 } from '#codec';
import { type AddressString, killPoint } from '#core';
import { insertMessage, lockMinerActivity, transaction } from '#db';
import { applyToAll } from '#sector';
import type { Activity, BatchPass } from './activity.ts';

/** A message that a node has found good, about to be wanted. */
export interface ReadyBatch {
  readonly members: readonly SectorWithPieces[];
  readonly from: AddressString;
  /** The plain estimate, in units. */
  readonly gas: bigint;
  readonly reason: BatchReason;
  readonly aggregate?: Uint8Array;
}

/**
 * Records the message and assigns its members, in one transaction: the batch is rows from then on, and whoever starts
 * next goes on with them. False when a member has changed meanwhile, and nothing was written.
 */
export async function assignBatch(
  pass: BatchPass,
  activity: Activity,
  batch: ReadyBatch,
): Promise<number | undefined> {
  const { modules, miner, view } = pass;
  const { from, members, aggregate } = batch;
  const { db, settings, log } = modules;
  const value = await activity.collateral(pass, members);
  const params = toBase64(activity.params(pass, members, aggregate));
  const known = new Map(members.map(({ sector }) => [sector.number, sector]));
  let message: number | undefined;
  const assigned = await transaction(db, async (trx) => {
    // Two coordinators must not batch the same sectors: members are read again under this lock, and taken in order.
    await lockMinerActivity(trx, miner.id, activity.name);
    return applyToAll(
      trx,
      miner.id,
      [...known.keys()],
      (now) => {
        const sector = known.get(now.number);
        return now.state === activity.state && now.comm_r === sector?.comm_r && now.proof === sector.proof;
      },
      async () => {
        message = await insertMessage(
          trx,
          {
            miner: miner.id,
            purpose: activity.name,
            from_address: from,
            to_address: idAddress(miner.id, prefixOf(from)),
            method: activity.method,
            value,
            params,
            max_fee: settings.get(`fee.${activity.name}.max`, { miner: miner.id }),
            deadline_epoch: Math.min(...members.map(({ sector }) => activity.lastEpoch(sector, view))),
            gas_limit: Number(batch.gas),
            estimated_epoch: view.head,
          },
          members.map(({ sector }) => ({ miner: sector.miner, number: sector.number })),
        );
        return activity.assigned(message);
      },
    );
  });
  if (!assigned || message === undefined) return undefined;
  pass.spent();
  killPoint('message.intent-committed');
  const way = aggregate ? ', aggregated' : '';
  log.info(
    {
      ...{ event: 'batch.formed', miner: miner.id, activity: activity.name, message },
      ...{
        sectors: members.length,
        reason: batch.reason,
        gas: batch.gas,
        aggregated: aggregate !== undefined,
      },
    },
    `${activity.name} batch of ${members.length}${way}`,
  );
  return message;
}
