import {
  ACTOR_IDS,
  actorAddress,
  addressOfKey,
  BitField,
  concatBytes,
  idAddress,
  type PrivateKey,
} from '#codec';
import { type ActorId, type AddressString, BeeproError, sealProof } from '#core';
import { assignSectors } from '../actors/miner/deadline-assignment.ts';
import { newMiner } from '../actors/miner/new-miner.ts';
import type { ChainSeed } from '../chain/chain-seed.ts';
import type { NetworkPolicy } from '../policy.ts';
import {
  type Actor,
  type ActorCode,
  type ChainState,
  EMPTY_STATE,
  type MinerState,
  PersistentMap,
  type Sector,
  withActor,
  withNewActor,
} from '../state/index.ts';
import type { GenesisAccount, GenesisMiner, GenesisSpec } from './genesis-spec.ts';

const SINGLETONS: readonly (readonly [ActorId, ActorCode])[] = [
  [ACTOR_IDS.system, 'system'],
  [ACTOR_IDS.init, 'init'],
  [ACTOR_IDS.reward, 'reward'],
  [ACTOR_IDS.cron, 'cron'],
  [ACTOR_IDS.power, 'storagepower'],
  [ACTOR_IDS.market, 'storagemarket'],
  [ACTOR_IDS.verifiedRegistry, 'verifiedregistry'],
  [ACTOR_IDS.datacap, 'datacap'],
  [ACTOR_IDS.burntFunds, 'account'],
];

/** As on Lotus' networks: genesis miners have ids of their own range. */
const FIRST_MINER_ID: ActorId = 1000;
/** What the reward actor holds on a new network, in attoFIL. */
const REWARD_BALANCE = 1_100_000_000n * 10n ** 18n;

function plainActor(code: ActorCode, balance: bigint): Omit<Actor, 'id'> {
  return { code, robustAddress: null, nonce: 0, balance, changed: 0, miner: null };
}

/** The key of a named genesis account: always the same for one seed. */
export function genesisKey(seed: ChainSeed, account: GenesisAccount): PrivateKey | undefined {
  return 'name' in account ? { type: account.type, bytes: seed.key(account.name) } : undefined;
}

export function genesisState(spec: GenesisSpec, seed: ChainSeed, policy: NetworkPolicy): ChainState {
  let state = EMPTY_STATE;
  for (const [id, code] of SINGLETONS)
    state = withActor(state, { ...plainActor(code, code === 'reward' ? REWARD_BALANCE : 0n), id });
  const byName = new Map<string, ActorId>();
  for (const account of spec.accounts) {
    const key = genesisKey(seed, account);
    const address = key ? addressOfKey(key, 't') : 'address' in account ? account.address : '';
    const added = withNewActor(state, { ...plainActor('account', account.balance), robustAddress: address });
    state = added.state;
    byName.set('name' in account ? account.name : address, added.id);
  }
  state = { ...state, nextActorId: FIRST_MINER_ID };
  for (const miner of spec.miners) state = withMiner(state, miner, byName, policy);
  return state;
}

function withMiner(
  state: ChainState,
  spec: GenesisMiner,
  accounts: ReadonlyMap<string, ActorId>,
  policy: NetworkPolicy,
): ChainState {
  const accountOf = (name: string): ActorId => {
    const id = accounts.get(name);
    if (id === undefined) throw new BeeproError('NOT_FOUND', { what: 'genesis account', name });
    return id;
  };
  const id = state.nextActorId;
  const proof = sealProof(spec.sectorSize, 'interactive');
  const info = {
    owner: accountOf(spec.owner),
    worker: accountOf(spec.worker),
    controlAddresses: [],
    peerId: new Uint8Array(),
    multiaddrs: [],
    windowPoStProof: proof.windowPost,
    sectorSize: proof.bytes,
    partitionSectors: proof.partitionSectors,
  };
  const miner = newMiner(policy, idAddress(id, 't'), 0, info);
  const robustAddress: AddressString = actorAddress(
    concatBytes(new TextEncoder().encode('genesis'), Uint8Array.of(id - FIRST_MINER_ID)),
    't',
  );
  return withNewActor(state, {
    ...plainActor('storageminer', spec.balance),
    robustAddress,
    miner: withPreSealed(miner, spec, policy),
  }).state;
}

/** Pre-sealed sectors have their power from the start; what they pledge is one attoFIL, as in Lotus' genesis. */
function withPreSealed(miner: MinerState, spec: GenesisMiner, policy: NetworkPolicy): MinerState {
  const sectors = spec.sectors.map(
    ({ number, sealProof: proof, sealedCid, expiration }): Sector => ({
      number,
      sealProof: proof,
      sealedCid,
      activation: 0,
      expiration,
      dealWeight: 0n,
      verifiedDealWeight: 0n,
      initialPledge: 1n,
      powerBaseEpoch: 0,
      dailyFee: 0n,
    }),
  );
  const deadlines = assignSectors(
    miner.deadlines,
    sectors,
    miner.info.partitionSectors,
    policy.maxPartitionsPerDeadline,
    () => true,
    true,
  );
  if (!deadlines)
    throw new BeeproError('INPUT_INVALID', { what: 'the genesis', detail: 'its sectors fit no deadline' });
  const power = BigInt(sectors.length) * BigInt(miner.info.sectorSize);
  return {
    ...miner,
    deadlines,
    deadlineCronActive: sectors.length > 0,
    sectors: PersistentMap.from(sectors.map((sector) => [sector.number, sector])),
    allocatedSectors: BitField.of(sectors.map(({ number }) => number)),
    initialPledge: BigInt(sectors.length),
    power: { rawBytePower: power, qualityAdjPower: power },
  };
}
