import { actorIdOf, parseAddress, withPrefix } from '#codec';
import type { ActorId, AddressString, AttoFil, Epoch } from '#core';
import { type MinerState, NO_POWER, type Power } from './miner-state.ts';
import { PersistentMap } from './persistent-map.ts';

/** Names of the builtin actors' code, as their manifest and Lotus' answers give them. */
export type ActorCode =
  | 'system'
  | 'init'
  | 'reward'
  | 'cron'
  | 'storagepower'
  | 'storagemarket'
  | 'verifiedregistry'
  | 'datacap'
  | 'account'
  | 'storageminer';

export interface Actor {
  readonly id: ActorId;
  readonly code: ActorCode;
  /** The key address of an account, the t2 address of a miner; none for singletons. */
  readonly robustAddress: AddressString | null;
  readonly nonce: number;
  readonly balance: AttoFil;
  /** The epoch of the last change, so that the actor's head differs after each. */
  readonly changed: Epoch;
  readonly miner: MinerState | null;
}

/** The whole state after a tipset: an immutable value, so that every tipset may keep its own. */
export interface ChainState {
  readonly actors: PersistentMap<Actor>;
  readonly byRobustAddress: ReadonlyMap<AddressString, ActorId>;
  readonly nextActorId: ActorId;
}

/** The first id given to an actor that a message creates. Source: builtin-actors `init`. */
export const FIRST_NON_SINGLETON_ID: ActorId = 100;

export const EMPTY_STATE: ChainState = {
  actors: PersistentMap.empty(),
  byRobustAddress: new Map(),
  nextActorId: FIRST_NON_SINGLETON_ID,
};

/** The id behind an address of any kind and either prefix; undefined when the chain does not know it. */
export function resolveId(state: ChainState, address: AddressString): ActorId | undefined {
  return parseAddress(address).protocol === 0
    ? actorIdOf(address)
    : state.byRobustAddress.get(withPrefix(address, 't'));
}

export function findActor(state: ChainState, address: AddressString): Actor | undefined {
  const id = resolveId(state, address);
  return id === undefined ? undefined : state.actors.get(id);
}

export function withActor(state: ChainState, actor: Actor): ChainState {
  return { ...state, actors: state.actors.set(actor.id, actor) };
}

/** Adds an actor that has a robust address under the next free id. */
export function withNewActor(
  state: ChainState,
  actor: Omit<Actor, 'id'> & { readonly robustAddress: AddressString },
): { readonly state: ChainState; readonly id: ActorId } {
  const id = state.nextActorId;
  const byRobustAddress = new Map(state.byRobustAddress).set(actor.robustAddress, id);
  const actors = state.actors.set(id, { ...actor, id });
  return { state: { actors, byRobustAddress, nextActorId: id + 1 }, id };
}

export function miners(state: ChainState): Actor[] {
  return [...state.actors.values()].filter((actor) => actor.miner !== null);
}

export function totalPower(state: ChainState): Power {
  return miners(state).reduce((total, { miner }) => {
    const power = miner?.power ?? NO_POWER;
    return {
      rawBytePower: total.rawBytePower + power.rawBytePower,
      qualityAdjPower: total.qualityAdjPower + power.qualityAdjPower,
    };
  }, NO_POWER);
}

/** attoFIL in circulation, so far as this chain has any notion of it: all that is not burnt or in reserve. */
export function circulatingSupply(state: ChainState, burntFunds: ActorId): AttoFil {
  let sum = 0n;
  for (const actor of state.actors.values())
    if (actor.id !== burntFunds && actor.code !== 'reward') sum += actor.balance;
  return sum;
}
