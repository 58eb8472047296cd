import { tipSetKeyText } from '#codec';
import type { AddressString, CidString } from '#core';
import type { ChainMessage, TipSet } from '../chain/tipset.ts';
import { LotusError } from '../lotus-error.ts';
import type { NodeChain } from '../node/node-chain.ts';
import { type Actor, type ChainState, findActor, type MinerState } from '../state/index.ts';
import type { KeyStore } from '../wallet/key-store.ts';
import type { TokenAuthority } from './auth.ts';

/** What the API's methods work on. */
export interface RpcContext {
  /** As the node that was asked sees it. */
  readonly chain: NodeChain;
  readonly wallet: KeyStore;
  readonly tokens: TokenAuthority;
  readonly networkName: string;
  /** What `NetAddrsListen` tells. */
  readonly peerId: string;
  /** Takes a message into the node's mempool, stores it and publishes it. @throws LotusError */
  push(message: ChainMessage): void;
  /** Ends with the connection of the caller, for calls that wait. */
  readonly signal: AbortSignal;
}

/** The tipset a key names; the head for an empty one. @throws LotusError */
export function tipSetOf(context: RpcContext, key: readonly CidString[]): TipSet {
  const [cid] = key;
  if (cid === undefined) return context.chain.head;
  const tipSet = key.length === 1 ? context.chain.find(cid) : undefined;
  if (!tipSet)
    throw new LotusError(
      `loading tipset {${tipSetKeyText(key)}}: get block ${cid}: ipld: could not find ${cid}`,
    );
  return tipSet;
}

/** The state that a call about a tipset sees: before its own messages. */
export function stateOf(context: RpcContext, key: readonly CidString[]): ChainState {
  return context.chain.stateAt(tipSetOf(context, key));
}

/** @throws LotusError */
export function actorOf(context: RpcContext, address: AddressString, key: readonly CidString[]): Actor {
  const actor = findActor(stateOf(context, key), address);
  if (!actor) throw new LotusError('actor not found');
  return actor;
}

/** @throws LotusError */
export function minerActorOf(
  context: RpcContext,
  address: AddressString,
  key: readonly CidString[],
): Actor & { readonly miner: MinerState } {
  const actor = findActor(stateOf(context, key), address);
  if (!actor) throw new LotusError('failed to load miner actor: actor not found');
  const { miner } = actor;
  if (!miner)
    throw new LotusError(`failed to load miner actor state: actor code is not miner: ${actor.code}`);
  return { ...actor, miner };
}
