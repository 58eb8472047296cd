import type { SectorDeclaration } from '#codec';
import type { Epoch } from '#core';
import type { NetworkPolicy } from '../../policy.ts';
import { type Deadline, type MinerState, NO_POWER, type Power } from '../../state/index.ts';
import { within } from '../actor-error.ts';
import type { Invocation, Runtime } from '../runtime.ts';
import { checkBalanceInvariants, minerOf, repayDebt, requireControl } from './funds.ts';
import { deadlineOf, faultExpiration, termsOf, withDeadline } from './miner-deadlines.ts';
import { type PartitionTerms, requireContained, withFaults, withRecoveries } from './partitions.ts';
import { plus } from './power.ts';
import {
  type DeadlineDeclaration,
  declarationDeadline,
  groupDeclarations,
  mapPartitions,
} from './sector-declarations.ts';

const NOT_ASSIGNED = 'failed fault declaration: not all sectors are assigned to the partition';

/** Power is lost at once, the fee is due at the deadline's end. Source: builtin-actors `declare_faults`. */
export function declareFaults(
  runtime: Runtime,
  call: Invocation,
  params: { readonly faults: readonly SectorDeclaration[] },
): undefined {
  const { policy, epoch } = runtime.env;
  runtime.batch = { sectors: countOf(params.faults), proofs: 0 };
  const declared = groupDeclarations(policy, params.faults);
  let miner = minerOf(runtime, call.receiver);
  requireControl(miner, call.caller);
  for (const declaration of declared) miner = withDeclaredFaults(policy, epoch, miner, declaration);
  runtime.update(call.receiver, { miner });
  return undefined;
}

function withDeclaredFaults(
  policy: NetworkPolicy,
  epoch: Epoch,
  miner: MinerState,
  declaration: DeadlineDeclaration,
): MinerState {
  const index = declaration.deadline;
  const target = declarationDeadline(policy, miner, index, epoch, 'fault');
  const terms = termsOf(policy, miner, index);
  const { deadline, power } = within(`failed to declare faults for deadline ${index}`, () =>
    recordFaults(deadlineOf(miner, index), declaration, faultExpiration(policy, target), terms),
  );
  return { ...withDeadline(miner, index, deadline), power: plus(miner.power, power) };
}

/** Source: `Deadline::record_faults`. */
export function recordFaults(
  deadline: Deadline,
  declaration: DeadlineDeclaration,
  expiration: Epoch,
  terms: PartitionTerms,
): { readonly deadline: Deadline; readonly power: Power } {
  let power = NO_POWER;
  const changed = mapPartitions(deadline, declaration, 'no such partition', (partition, sectors, index) => {
    within(`failed to declare faults in partition ${index}`, () =>
      requireContained(partition, sectors, NOT_ASSIGNED),
    );
    const change = withFaults(partition, sectors, expiration, terms);
    power = plus(power, change.power);
    return change.partition;
  });
  return { deadline: changed, power };
}

/**
 * Debt is paid first. Power comes back with the proof of the deadline, which is then verified at once.
 * Source: builtin-actors `declare_faults_recovered`.
 */
export function declareFaultsRecovered(
  runtime: Runtime,
  call: Invocation,
  params: { readonly recoveries: readonly SectorDeclaration[] },
): undefined {
  const { policy, epoch } = runtime.env;
  runtime.batch = { sectors: countOf(params.recoveries), proofs: 0 };
  const declared = groupDeclarations(policy, params.recoveries);
  const { balance } = runtime.actor(call.receiver);
  const repaid = repayDebt(minerOf(runtime, call.receiver), balance);
  let { miner } = repaid;
  requireControl(miner, call.caller);
  for (const declaration of declared) {
    const index = declaration.deadline;
    declarationDeadline(policy, miner, index, epoch, 'recovery');
    const deadline = within(`failed to declare recoveries for deadline ${index}`, () =>
      mapPartitions(deadlineOf(miner, index), declaration, 'no such partition', (partition, sectors) => {
        within('failed to add recoveries', () => requireContained(partition, sectors, NOT_ASSIGNED));
        return withRecoveries(partition, sectors);
      }),
    );
    miner = withDeadline(miner, index, deadline);
  }
  runtime.update(call.receiver, { miner });
  runtime.burn(call.receiver, repaid.burn);
  checkBalanceInvariants(minerOf(runtime, call.receiver), runtime.actor(call.receiver).balance);
  return undefined;
}

function countOf(declarations: readonly SectorDeclaration[]): number {
  return declarations.reduce((sum, { sectors }) => sum + sectors.size, 0);
}
