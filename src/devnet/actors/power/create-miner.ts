import { ACTOR_IDS, actorAddress, addressToBytes, concatBytes, encodeAs, idAddress, schema } from '#codec';
import { type AddressString, SECTOR_SIZES, sealProof } from '#core';
import { totalPower } from '../../state/index.ts';
import { ActorError, EXIT, illegalArgument } from '../actor-error.ts';
import { createMinerDeposit } from '../economy.ts';
import { newMiner } from '../miner/new-miner.ts';
import type { Invocation, Runtime } from '../runtime.ts';

export interface CreateMinerParams {
  readonly owner: AddressString;
  readonly worker: AddressString;
  readonly windowPoStProofType: number;
  readonly peer: Uint8Array;
  readonly multiaddrs: readonly Uint8Array[];
}

/** Registered window PoSt proofs that new miners may have begin here, one for each sector size. */
const FIRST_WINDOW_POST_V1_1 = 10;

/** Source: builtin-actors `power::create_miner` and `miner::constructor`. */
export function createMiner(
  runtime: Runtime,
  call: Invocation,
  params: CreateMinerParams,
): { idAddress: AddressString; robustAddress: AddressString } {
  const { policy, epoch, economy } = runtime.env;
  const size = SECTOR_SIZES[params.windowPoStProofType - FIRST_WINDOW_POST_V1_1];
  if (!size || !policy.sectorSizes.includes(size))
    throw illegalArgument(`proof type ${params.windowPoStProofType} not allowed for new miner actors`);
  const deposit = createMinerDeposit(economy, totalPower(runtime.state).qualityAdjPower);
  if (call.value < deposit)
    throw new ActorError(
      EXIT.userInsufficientFunds,
      `not enough balance to lock for create miner deposit: sent balance ${call.value} < deposit ${deposit}`,
    );
  const owner = runtime.resolve(params.owner);
  if (owner === undefined)
    throw illegalArgument(`unable to resolve owner address: ${params.owner.replace(/^t/, 'f')}`);
  const worker = resolveWorker(runtime, params.worker);
  const robustAddress = nextActorAddress(call);
  const id = runtime.create({ code: 'storageminer', robustAddress, nonce: 0, balance: 0n, miner: null });
  const proof = sealProof(size, 'interactive');
  const info = {
    owner,
    worker,
    controlAddresses: [],
    peerId: params.peer,
    multiaddrs: params.multiaddrs,
    windowPoStProof: proof.windowPost,
    sectorSize: proof.bytes,
    partitionSectors: proof.partitionSectors,
  };
  // Vesting of the deposit is absent: what was sent with the message stays available.
  runtime.update(id, { miner: newMiner(policy, idAddress(id, 't'), epoch, info) });
  runtime.transfer(ACTOR_IDS.power, id, call.value);
  return { idAddress: idAddress(id, 't'), robustAddress };
}

/** A worker must be an account with a BLS key. Source: builtin-actors `resolve_worker_address`. */
export function resolveWorker(runtime: Runtime, worker: AddressString): number {
  const id = runtime.resolve(worker);
  if (id === undefined) throw illegalArgument(`unable to resolve address: ${worker.replace(/^t/, 'f')}`);
  const actor = runtime.state.actors.get(id);
  if (!actor) throw illegalArgument(`no code for address: ${worker.replace(/^t/, 'f')}`);
  if (actor.code !== 'account')
    throw illegalArgument(`worker actor type must be an account, was ${actor.code}`);
  if (!actor.robustAddress?.startsWith('t3'))
    throw illegalArgument('worker account key must be BLS protocol, was 1');
  return id;
}

/** The first actor that a message creates. Source: FVM `next_actor_address`. */
export function nextActorAddress(call: Pick<Invocation, 'origin' | 'originNonce'>): AddressString {
  const numbers = new Uint8Array(16);
  new DataView(numbers.buffer).setBigUint64(0, BigInt(call.originNonce));
  const origin = encodeAs(schema.bytes, addressToBytes(call.origin), 'address');
  return actorAddress(concatBytes(origin, numbers), 't');
}
