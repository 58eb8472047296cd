import type { BitField, SectorDeclaration } from '#codec';
import type { Epoch } from '#core';
import type { NetworkPolicy } from '../../policy.ts';
import { type MinerState, NO_POWER } from '../../state/index.ts';
import { illegalArgument, within } from '../actor-error.ts';
import type { Invocation, Runtime } from '../runtime.ts';
import { isDeadlineMutable, periodStartAt } from './deadlines.ts';
import { settleEarlyTerminations, withoutSectors } from './early-terminations.ts';
import { checkBalanceInvariants, minerOf, requireControl } from './funds.ts';
import { deadlineOf, termsOf, withDeadline } from './miner-deadlines.ts';
import { terminated, unionOf } from './partitions.ts';
import { plus } from './power.ts';
import { type DeadlineDeclaration, groupDeclarations, mapPartitions } from './sector-declarations.ts';

/** Ends sectors for good, with a fee. Source: builtin-actors `terminate_sectors`. */
export function terminateSectors(
  runtime: Runtime,
  call: Invocation,
  params: { readonly terminations: readonly SectorDeclaration[] },
): { readonly done: boolean } {
  const { policy, epoch } = runtime.env;
  const declared = groupDeclarations(policy, params.terminations);
  let miner = minerOf(runtime, call.receiver);
  requireControl(miner, call.caller);
  for (const declaration of declared) miner = withTerminations(policy, epoch, miner, declaration);
  const numbers = unionOf(
    declared.flatMap(({ partitions }) => partitions.map(({ sectors }): BitField => sectors)),
  );
  runtime.batch = { sectors: numbers.size, proofs: 0 };
  runtime.update(call.receiver, { miner });
  settleEarlyTerminations(runtime, call.receiver, numbers);
  checkBalanceInvariants(minerOf(runtime, call.receiver), runtime.actor(call.receiver).balance);
  return { done: true };
}

function withTerminations(
  policy: NetworkPolicy,
  epoch: Epoch,
  miner: MinerState,
  declaration: DeadlineDeclaration,
): MinerState {
  const index = declaration.deadline;
  const start = periodStartAt(policy, miner.provingPeriodStart, epoch);
  if (!isDeadlineMutable(policy, start, index, epoch))
    throw illegalArgument(`cannot terminate sectors in immutable deadline ${index}`);
  const terms = termsOf(policy, miner, index);
  let power = NO_POWER;
  const deadline = within(`failed to terminate sectors in deadline ${index}`, () =>
    mapPartitions(
      deadlineOf(miner, index),
      declaration,
      'failed to find partition',
      (partition, sectors, number) => {
        const change = within(`failed to terminate sectors in partition ${number}`, () =>
          terminated(partition, sectors, terms),
        );
        power = plus(power, change.power);
        return change.partition;
      },
    ),
  );
  const lost = declaration.partitions.map(({ sectors }) => sectors);
  return {
    ...withDeadline(miner, index, withoutSectors(deadline, miner, lost)),
    power: plus(miner.power, power),
  };
}
