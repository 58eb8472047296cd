import type { LotusMethod } from '#chain';

type Json = Record<string, unknown>;
type Enrich = (json: Json, value: unknown) => Json;

/** Fields of Lotus' answers that this project never reads, so that answers are as whole as Lotus' own. */
const sector: Enrich = (json) => ({
  ...json,
  ExpectedDayReward: null,
  ExpectedStoragePledge: null,
  ReplacedDayReward: null,
});

const invocation: Enrich = (json, value) => ({
  ...json,
  ExecutionTrace: (value as { executionTrace?: unknown }).executionTrace ?? null,
});

/** All upgrades lie behind the chain, as on Lotus' own 2k networks. */
const UPGRADES = [
  'Breeze',
  'Smoke',
  'Ignition',
  'Refuel',
  'Tape',
  'Assembly',
  'Liftoff',
  'Kumquat',
  'Calico',
  'Persian',
  'Orange',
  'Claus',
  'Trust',
  'Norwegian',
  'Turbo',
  'Hyperdrive',
  'Chocolate',
  'OhSnap',
  'Skyr',
  'Shark',
  'Hygge',
  'Lightning',
  'Thunder',
  'Watermelon',
  'Dragon',
  'Phoenix',
  'Waffle',
  'Tuktuk',
  'Teep',
  'Tock',
  'GoldenWeek',
  'FireHorse',
];

const FORK_PARAMS: Json = {
  ...Object.fromEntries(UPGRADES.map((name, index) => [`Upgrade${name}Height`, -1 - index])),
  UpgradeXxHeight: 999_999_999,
  BreezeGasTampingDuration: 0,
};

const ENRICH: { readonly [M in LotusMethod]?: Enrich } = {
  Version: (json) => ({ ...json, Agent: 'lotus' }),
  StateGetNetworkParams: (json) => ({ ...json, ForkUpgradeParams: FORK_PARAMS, Eip155ChainID: 31_415_926 }),
  StateSectorGetInfo: sector,
  StateMinerSectors: sector,
  StateMinerActiveSectors: sector,
  StateCall: invocation,
  StateReplay: invocation,
};

/** The answer as Lotus writes it: `json` by the shared table of methods, and what that leaves out. */
export function asLotusWrites(method: LotusMethod, json: unknown, value: unknown): unknown {
  const enrich = ENRICH[method];
  if (!enrich || json === null) return json;
  if (!Array.isArray(json)) return enrich(json as Json, value);
  const values = value as readonly unknown[];
  return json.map((item, index) => enrich(item as Json, values[index]));
}
