import type { AttoFil } from '#core';
import type { ChainMessage } from '../chain/tipset.ts';
import { isBlsMessage } from '../chain/tipset.ts';
import { effectivePremium } from '../gas/base-fee.ts';
import { BLOCK_GAS_LIMIT, BLOCK_MESSAGE_LIMIT } from '../policy.ts';
import { type ChainState, findActor } from '../state/index.ts';
import { requiredFunds } from './sender-queue.ts';

/** As {@link selectMessages}, from any messages, for a block upon `state`. */
export function selectFrom(
  state: ChainState,
  messages: readonly ChainMessage[],
  baseFee: AttoFil,
): ChainMessage[] {
  const bySender = Map.groupBy(messages, ({ signed }) => signed.message.from);
  const candidates = [...bySender].map(([from, own]): Candidate => {
    const sender = findActor(state, from);
    return {
      nonce: sender?.nonce ?? 0,
      balance: sender?.balance ?? 0n,
      messages: own.toSorted((a, b) => a.signed.message.nonce - b.signed.message.nonce),
    };
  });
  return selectMessages(candidates, baseFee);
}

/** One sender's messages by ascending nonce, with the account they must fit. */
export interface Candidate {
  readonly nonce: number;
  readonly balance: AttoFil;
  readonly messages: readonly ChainMessage[];
}

/**
 * The messages of the next block, in its order: of every sender those that follow its nonce without a gap, cover
 * the base fee and can be paid; the best paying senders first where a block is too small for all.
 * Source: Lotus `chain/messagepool/selection.go`, without its search for the optimum.
 */
export function selectMessages(candidates: readonly Candidate[], baseFee: AttoFil): ChainMessage[] {
  const chains = candidates
    .map((candidate) => executable(candidate, baseFee))
    .filter(({ length }) => length > 0);
  const offer = (chain: readonly ChainMessage[]): AttoFil => {
    const first = chain[0]?.signed.message;
    return first
      ? effectivePremium({ limit: 0n, feeCap: first.gasFeeCap, premium: first.gasPremium }, baseFee)
      : 0n;
  };
  chains.sort((a, b) => (offer(a) < offer(b) ? 1 : offer(a) > offer(b) ? -1 : 0));
  const selected: ChainMessage[] = [];
  let gas = 0n;
  for (const chain of chains)
    for (const message of chain) {
      const { gasLimit } = message.signed.message;
      if (selected.length >= BLOCK_MESSAGE_LIMIT || gas + gasLimit > BigInt(BLOCK_GAS_LIMIT)) break;
      gas += gasLimit;
      selected.push(message);
    }
  return [...selected.filter(isBlsMessage), ...selected.filter((message) => !isBlsMessage(message))];
}

function executable({ nonce, balance, messages }: Candidate, baseFee: AttoFil): ChainMessage[] {
  const chain: ChainMessage[] = [];
  let expected = nonce;
  let funds = balance;
  for (const message of messages) {
    const { signed } = message;
    if (signed.message.nonce < expected) continue;
    const cost = requiredFunds(message);
    if (signed.message.nonce !== expected || signed.message.gasFeeCap < baseFee || cost > funds) break;
    chain.push(message);
    expected++;
    funds -= cost;
  }
  return chain;
}
