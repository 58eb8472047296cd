import type { ActorId } from '#core';

/** The builtin actors that exist once, by id. Source: builtin-actors `singletons`. */
export const ACTOR_IDS = {
  system: 0,
  init: 1,
  reward: 2,
  cron: 3,
  power: 4,
  market: 5,
  verifiedRegistry: 6,
  datacap: 7,
  burntFunds: 99,
} as const satisfies Readonly<Record<string, ActorId>>;

/** Kinds of actors whose methods are known here, by their names in the actors' manifest. */
export type ActorKind = 'account' | 'storagepower' | 'storageminer' | 'reward' | 'cron';

/** The method number of a plain transfer. */
export const METHOD_SEND = 0;
