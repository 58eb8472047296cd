import { readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { LOTUS_METHODS, type LotusMethod, type LotusParams, type LotusResult, parseJsonText } from '#chain';
import {
  actorIdOf,
  BitField,
  type Message,
  type SignedMessage,
  sealedCid,
  signedMessageCid,
  signWithKey,
} from '#codec';
import type { CidString, Epoch } from '#core';
import * as world from './world.ts';

type Answers = {
  readonly [M in LotusMethod]?: (...params: LotusParams<M>) => LotusResult<M>;
};

const FIL = 10n ** 18n;
const PROOF_TYPE = 5;
const recorded = new URL('../../test/fixtures/lotus-rpc/', import.meta.url);

/** What a real node has answered to this method: well-formed, whatever it is about. */
function recording<M extends LotusMethod>(method: M): LotusResult<M> | undefined {
  for (const file of readdirSync(recorded).toSorted()) {
    if (!file.slice(4).startsWith(method) || !/^\d/.test(file) || file.includes('-ws-')) continue;
    const { request, response } = parseJsonText(readFileSync(new URL(file, recorded), 'utf8')) as {
      request: { method: string };
      response: { result?: unknown } | string;
    };
    if (request.method !== `Filecoin.${method}` || typeof response === 'string') continue;
    if (!('result' in response)) continue;
    const schema: z.ZodType = LOTUS_METHODS[method].result;
    return z.decode(schema, response.result as never) as LotusResult<M>;
  }
  return undefined;
}

const present = <T>(value: T | undefined, what: string): T => {
  if (value === undefined) throw new Error(`there is no recording of ${what}`);
  return value;
};

/** The made-up chain's side of the calls; state is the head and what was pushed. */
export class SyntheticChain {
  #head = world.HEAD;
  readonly #pushed = new Map<CidString, Epoch>();
  readonly #heights = new Map<CidString, Epoch>();
  readonly #recordings = new Map<LotusMethod, unknown>();
  readonly #like = recording('ChainHead');
  #nonce: number;

  constructor(nextNonce: number) {
    this.#nonce = nextNonce;
    for (let height = world.HEAD - 2_000; height <= world.HEAD + 2_000; height += 1)
      this.#heights.set(world.tipsetAt(height), height);
  }

  /** So many blocks come; what has been pushed is in the first of them. */
  advance(epochs: number): void {
    for (const [cid, height] of this.#pushed)
      if (height === Number.POSITIVE_INFINITY) this.#pushed.set(cid, this.#head + 1);
    this.#head += epochs;
  }

  /** Messages that were on chain before: by CID, with the tipset that executed them. */
  landed(messages: readonly (readonly [CidString, Epoch])[]): void {
    for (const [cid, height] of messages) this.#pushed.set(cid, height);
  }

  answer(method: LotusMethod, params: readonly unknown[]): unknown {
    const given = this.#answers[method] as ((...params: readonly unknown[]) => unknown) | undefined;
    if (given) return given(...params);
    let found = this.#recordings.get(method);
    if (found === undefined) {
      found = present(recording(method), method);
      this.#recordings.set(method, found);
    }
    return found;
  }

  #tipset(height: Epoch) {
    const tipset = present(this.#like, 'ChainHead');
    const [block] = tipset.blocks;
    return {
      cids: [world.tipsetAt(height)],
      height,
      blocks: block ? [{ ...block, height, parents: [world.tipsetAt(height - 1)], parentBaseFee: 100n }] : [],
    };
  }

  #place(address: string, number: number) {
    const miner = actorIdOf(address);
    const place = world.placeOf(miner, number);
    return place && { miner, place };
  }

  #sectorInfo(address: string, number: number): LotusResult<'StateSectorGetInfo'> {
    const found = this.#place(address, number);
    const activation = found && world.activationOf(found.miner, found.place);
    if (!found || activation === undefined) return null;
    const like = present(recording('StateSectorGetInfo') ?? undefined, 'StateSectorGetInfo');
    return (
      like && {
        ...like,
        sectorNumber: number,
        sealedCid: sealedCid(world.commROf(found.miner, number)),
        activation,
        expiration: activation + 1_500_000,
      }
    );
  }

  #push(signed: SignedMessage): CidString {
    const cid = signedMessageCid(signed);
    if (!this.#pushed.has(cid)) this.#pushed.set(cid, Number.POSITIVE_INFINITY);
    this.#nonce = Math.max(this.#nonce, signed.message.nonce + 1);
    return cid;
  }

  #withGas(message: Message): Message {
    return {
      ...message,
      gasLimit: message.gasLimit > 0n ? message.gasLimit : 60_000_000n,
      gasFeeCap: 100_000n,
      gasPremium: 50_000n,
    };
  }

  readonly #answers: Answers = {
    ChainHead: () => this.#tipset(this.#head),
    ChainGetTipSet: (key) => {
      const height = this.#heights.get(key[0] ?? '');
      return height === undefined ? present(recording('ChainHead'), 'ChainHead') : this.#tipset(height);
    },
    ChainGetTipSetByHeight: (height) => this.#tipset(height),
    ChainGetTipSetAfterHeight: (height) => this.#tipset(height),
    ChainGetParentMessages: () => [],
    ChainGetParentReceipts: () => [],
    ChainGetBlockMessages: () => ({ blsMessages: [], secpkMessages: [], cids: [] }),
    StateNetworkVersion: () => 28,
    StateGetNetworkParams: () => ({
      ...present(recording('StateGetNetworkParams'), 'StateGetNetworkParams'),
      preCommitChallengeDelay: world.CHALLENGE_DELAY,
      blockDelaySecs: 30,
      // The newest block is as old as a block may be.
      genesisTimestamp: Math.floor(Date.now() / 1_000) - this.#head * 30,
    }),
    StateAccountKey: () => world.SENDER,
    StateLookupID: () => 't0101',
    StateMinerInfo: () => ({
      ...present(recording('StateMinerInfo'), 'StateMinerInfo'),
      owner: 't0101',
      worker: 't0101',
      controlAddresses: [],
      consensusFaultElapsed: -1,
    }),
    StateGetActor: () => ({
      ...present(recording('StateGetActor'), 'StateGetActor'),
      nonce: this.#chainNonce(),
      balance: 100_000n * FIL,
    }),
    StateMinerAvailableBalance: () => 10_000n * FIL,
    StateMinerPreCommitDepositForPower: () => FIL / 10n,
    StateMinerInitialPledgeForSector: () => FIL / 5n,
    StateMinerInitialPledgeCollateral: () => FIL / 5n,
    StateMinerAllocated: (address) => BitField.of(this.#allocated(actorIdOf(address))),
    StateMinerSectorAllocated: (address, number) => {
      const found = this.#place(address, number);
      return found !== undefined && world.precommitEpochOf(found.miner, found.place) !== undefined;
    },
    StateSectorPreCommitInfo: (address, number) => {
      const found = this.#place(address, number);
      if (!found || !world.hasPreCommit(found.miner, found.place)) return null;
      return {
        info: {
          sealProof: PROOF_TYPE,
          sectorNumber: number,
          sealedCid: sealedCid(world.commROf(found.miner, number)),
          sealRandEpoch: world.TICKET_EPOCH,
          dealIds: [],
          expiration: world.HEAD + 1_500_000,
          unsealedCid: null,
        },
        preCommitDeposit: FIL / 10n,
        preCommitEpoch: world.precommitEpochOf(found.miner, found.place) ?? 0,
      };
    },
    StateSectorGetInfo: (address, number) => this.#sectorInfo(address, number),
    StateMinerSectors: (address, numbers) =>
      [...(numbers ?? [])].flatMap((number) => this.#sectorInfo(address, number) ?? []),
    StateSectorPartition: () => ({ deadline: 7, partition: 0 }),
    StateMinerPartitions: (address) => {
      const all = BitField.of(this.#allocated(actorIdOf(address)));
      const none = BitField.empty;
      const faults = { faultySectors: none, recoveringSectors: none };
      return [{ allSectors: all, liveSectors: all, activeSectors: all, ...faults }];
    },
    StateGetRandomnessFromTickets: (_tag, epoch, entropy) => world.ticketOf(minerOf(entropy), epoch),
    StateGetRandomnessFromBeacon: (_tag, epoch, entropy) => world.seedOf(minerOf(entropy), epoch),
    StateSearchMsg: (_key, cid) => {
      const height = this.#pushed.get(cid);
      if (height === undefined || height > this.#head) return null;
      const receipt = { exitCode: 0, return: new Uint8Array(), gasUsed: 50_000_000, eventsRoot: null };
      return { message: cid, receipt, returnDec: null, tipSet: [world.tipsetAt(height)], height };
    },
    WalletHas: () => true,
    WalletList: () => [world.SENDER],
    WalletBalance: () => 100_000n * FIL,
    WalletSign: (_address, data) => signWithKey(world.KEY, data),
    MpoolGetNonce: () => this.#nonce,
    MpoolPending: () => [],
    MpoolPush: (signed) => this.#push(signed),
    GasEstimateGasLimit: () => 60_000_000n,
    GasEstimateMessageGas: (message) => this.#withGas(message),
    GasEstimateFeeCap: () => 100_000n,
    GasEstimateGasPremium: () => 50_000n,
  };

  #chainNonce(): number {
    const waiting = [...this.#pushed.values()].filter((height) => height > this.#head).length;
    return this.#nonce - waiting;
  }

  #allocated(miner: number): number[] {
    const total = world.countsOf(miner).reduce((sum, [, count]) => sum + count, 0);
    return Array.from({ length: total }, (_, number) => number).filter((number) => {
      const place = world.placeOf(miner, number);
      return place && world.precommitEpochOf(miner, place) !== undefined;
    });
  }
}

/** The entropy of seal randomness is the CBOR of the miner's id address: a byte string of 0 and a varint. */
function minerOf(entropy: Uint8Array): number {
  const [low = 0, high = 0] = entropy.subarray(2);
  return (low & 0x7f) | (high << 7);
}
