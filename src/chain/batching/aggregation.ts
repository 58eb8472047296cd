import type { AttoFil, Bytes } from '#core';
import type { NetworkPolicy } from '../policy/index.ts';
import { aggregateGas, aggregateProofBytes, proveCommitGas, USUAL_PREMIUM } from './gas-model.ts';
import { type BatchRoom, fitsMessage, messageBytes } from './message-size.ts';

/** `auto`: where it is cheaper and the base fee is above the break-even; `on`: wherever the rules allow it. */
export type AggregateMode = 'off' | 'auto' | 'on';

/** What is set, and what the machine can do. */
export interface AggregationRules {
  readonly mode: AggregateMode;
  /** The least and the most sectors of an aggregate: the operator's, the actor's, and what the SRS holds. */
  readonly least: number;
  readonly most: number;
  /** `auto` aggregates at this base fee and above, attoFIL a unit: below, what is saved is not worth the work. */
  readonly breakEven: AttoFil;
  readonly baseFee: AttoFil;
}

/** One batch's proofs: what each member adds to either form of the message. */
export interface AggregationCase {
  readonly sealProof: number;
  readonly members: readonly { readonly manifestBytes: Bytes; readonly proofBytes: Bytes }[];
  readonly limit: Bytes;
}

export interface AggregationVerdict {
  readonly aggregate: boolean;
  /** One clause, for logs and people. */
  readonly why: string;
  /** What either way costs now, in attoFIL; undefined where a way is closed. */
  readonly cost: { readonly apart: AttoFil; readonly together: AttoFil | undefined };
}

/** The most sectors of one aggregate: the actor's bound, and an SRS' of so many Groth16 proofs. */
export function mostInAggregate(policy: NetworkPolicy, srsProofs: number, partitions: number): number {
  return Math.min(policy.maxAggregatedProofs, Math.floor(srsProofs / partitions));
}

/**
 * Whether the proofs of a batch go as one aggregate. Both ways are priced: the aggregate as one message, the others
 * as the messages that hold them, at the current base fee. There is no network fee since actors v16, so that gas is
 * all of the price. Pure.
 */
export function aggregationVerdict(facts: AggregationCase, rules: AggregationRules): AggregationVerdict {
  const { members } = facts;
  const count = members.length;
  const price = rules.baseFee + USUAL_PREMIUM;
  const apart = apartGas(facts) * price;
  const room: BatchRoom = { form: 'aggregate', limit: facts.limit, proofBytes: proofBytesOf(facts) };
  const manifests = members.reduce((sum, member) => sum + member.manifestBytes, 0);
  const no = (why: string, together?: AttoFil): AggregationVerdict => ({
    aggregate: false,
    why,
    cost: { apart, together },
  });
  if (rules.mode === 'off') return no('batch.commit.aggregate is off');
  if (count < rules.least) return no(`an aggregate has at least ${rules.least} sectors`);
  if (count > rules.most) return no(`an aggregate has at most ${rules.most} sectors here`);
  if (!fitsMessage(room, count, manifests)) return no('the aggregate does not fit a message');
  const together = aggregateGas(count, messageBytes(room, count, manifests)) * price;
  const cost = { apart, together };
  if (rules.mode === 'on') return { aggregate: true, why: 'batch.commit.aggregate is on', cost };
  if (rules.baseFee < rules.breakEven) return no('the base fee is below the break-even', together);
  if (together >= apart) return no('proofs apart are cheaper', together);
  return { aggregate: true, why: 'one proof for all is cheaper', cost };
}

export function proofBytesOf({ sealProof }: Pick<AggregationCase, 'sealProof'>): (count: number) => Bytes {
  return (count) => aggregateProofBytes(sealProof, count);
}

/** Gas of the messages that it takes with a proof for each sector. */
function apartGas({ members, limit }: AggregationCase): bigint {
  const room: BatchRoom = { form: 'commit', limit };
  let gas = 0n;
  let count = 0;
  let bytes = 0;
  const close = (): void => {
    if (count > 0) gas += proveCommitGas(count, messageBytes(room, count, bytes));
    count = 0;
    bytes = 0;
  };
  for (const { manifestBytes, proofBytes } of members) {
    const added = manifestBytes + proofBytes;
    if (!fitsMessage(room, count + 1, bytes + added)) close();
    count += 1;
    bytes += added;
  }
  close();
  return gas;
}
