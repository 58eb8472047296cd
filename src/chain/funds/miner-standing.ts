import { z } from 'zod';
import { idAddress } from '#codec';
import { type ActorId, type AttoFil, BeeproError, type CidString, type Epoch, formatFil } from '#core';
import type { ChainApi } from '../rpc/index.ts';
import { minerInfoAt } from './chain-facts.ts';

/** A head, and the miner's state at it. */
export interface StandingView {
  readonly head: Epoch;
  readonly key: readonly CidString[];
}

export interface MinerFacts {
  /** What the miner has and is not locked, before its debt. */
  readonly unlocked: AttoFil;
  readonly feeDebt: AttoFil;
  /** −1: there was no consensus fault. Else the last epoch of its punishment. */
  readonly consensusFaultElapsed: Epoch;
}

/** What the chain holds against a miner. Amounts are attoFIL. */
export interface MinerStanding extends MinerFacts {
  /** The last epoch at which a consensus fault still counts; undefined: none does. */
  readonly faultUntil: Epoch | undefined;
  /** Why the chain refuses the miner's pre-commits and recoveries now; undefined: it does not. */
  readonly blocked: BeeproError | undefined;
}

/**
 * A consensus fault counts up to and with `ConsensusFaultElapsed`, 900 epochs after its report. A fee debt that the
 * unlocked balance covers is burnt with the next pre-commit or recovery; one that it does not cover blocks them.
 * Prove-commits ask for neither. Source: builtin-actors `miner/src/lib.rs`, `consensus_fault_active`,
 * `repay_debts_or_abort`. Pure.
 */
export function standingOf(miner: ActorId, facts: MinerFacts, head: Epoch): MinerStanding {
  const { unlocked, feeDebt, consensusFaultElapsed } = facts;
  // A message sent now executes in the next epoch at the earliest, but its estimate in the head's own.
  const faultUntil = head <= consensusFaultElapsed ? consensusFaultElapsed : undefined;
  return { ...facts, faultUntil, blocked: blockedBy() };

  function blockedBy(): BeeproError | undefined {
    const address = idAddress(miner, 't');
    if (faultUntil !== undefined)
      return new BeeproError('MINER_CONSENSUS_FAULT', { miner: address, until: faultUntil });
    if (feeDebt > unlocked)
      return new BeeproError('MINER_FEE_DEBT', {
        miner: address,
        debt: formatFil(feeDebt),
        unlocked: formatFil(unlocked),
      });
    return undefined;
  }
}

const decimal = z
  .string()
  .regex(/^-?\d+$/)
  .transform(BigInt);

/** The miner actor's state as `StateReadState` shows it. Source: a recording of Lotus v1.36. */
const minerState = z.looseObject({
  PreCommitDeposits: decimal,
  LockedFunds: decimal,
  FeeDebt: decimal,
  InitialPledge: decimal,
});

type StandingChain = Pick<ChainApi, 'node' | 'stateMinerInfo' | 'stateAccountKey' | 'stateReadState'>;

interface Kept {
  readonly key: string;
  readonly standing: Promise<MinerStanding>;
}
const KNOWN = new WeakMap<object, Map<ActorId, Kept>>();

/** How a miner stands at a head: asked once a miner and head, whoever asks. @throws BeeproError `CHAIN_…` */
export function minerStanding(
  modules: { readonly chain: StandingChain },
  view: StandingView,
  miner: ActorId,
): Promise<MinerStanding> {
  const { chain } = modules;
  const known = KNOWN.get(chain) ?? new Map<ActorId, Kept>();
  KNOWN.set(chain, known);
  const key = view.key.join();
  const kept = known.get(miner);
  if (kept?.key === key && key !== '') return kept.standing;
  const standing = readStanding(chain, view, miner);
  known.set(miner, { key, standing });
  standing.catch(() => {
    if (known.get(miner)?.standing === standing) known.delete(miner);
  });
  return standing;
}

async function readStanding(
  chain: StandingChain,
  view: StandingView,
  miner: ActorId,
): Promise<MinerStanding> {
  const [{ balance, state }, info] = await Promise.all([
    chain.stateReadState(idAddress(miner, 't'), [...view.key]),
    minerInfoAt(chain, miner, view.key),
  ]);
  const parsed = minerState.safeParse(state);
  if (!parsed.success) {
    const detail = `the state of a miner lacks ${parsed.error.issues[0]?.path.join('.')}`;
    throw new BeeproError('CHAIN_PROTOCOL', { node: chain.node, method: 'StateReadState', detail });
  }
  const { PreCommitDeposits, LockedFunds, FeeDebt, InitialPledge } = parsed.data;
  const facts = {
    unlocked: balance - PreCommitDeposits - LockedFunds - InitialPledge,
    feeDebt: FeeDebt,
    consensusFaultElapsed: info.consensusFaultElapsed,
  };
  return standingOf(miner, facts, view.head);
}
