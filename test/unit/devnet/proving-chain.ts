import { createHash } from 'node:crypto';
import {
  BitField,
  minerEntropy,
  RANDOMNESS,
  type SubmitWindowedPoStParams,
  sealedCid,
  sealedCommitment,
} from '#codec';
import type { Epoch, SectorNumber } from '#core';
import type { NetworkPolicy } from '#devnet';
import { ActorError } from '../../../src/devnet/actors/actor-error.ts';
import { DEFAULT_ECONOMY } from '../../../src/devnet/actors/economy.ts';
import { runDeadlineCron } from '../../../src/devnet/actors/miner/deadline-cron.ts';
import {
  currentDeadline,
  type DeadlineInfo,
  deadlineInfo,
  nextNotElapsed,
} from '../../../src/devnet/actors/miner/deadlines.ts';
import { submitWindowedPoSt } from '../../../src/devnet/actors/miner/window-post.ts';
import { type Environment, type Invocation, Runtime } from '../../../src/devnet/actors/runtime.ts';
import { ChainSeed } from '../../../src/devnet/chain/chain-seed.ts';
import { defaultGenesis } from '../../../src/devnet/genesis/genesis-spec.ts';
import { genesisState } from '../../../src/devnet/genesis/genesis-state.ts';
import { DEFAULT_POLICY } from '../../../src/devnet/policy.ts';
import { shortProving } from '../../../src/devnet/short-proving.ts';
import type { MinerState } from '../../../src/devnet/state/index.ts';
import { DigestVerifier } from '../../integration/devnet/digest-verifier.ts';

export const MINER_ID = 1000;
const WORKER_ID = 100;
/** A year and more: beyond every early end. */
const EXPIRATION = 2_000_000;

export const SHORT: NetworkPolicy = { ...DEFAULT_POLICY, ...shortProving(60, 6) };

export const bits = (...numbers: number[]): BitField => BitField.of(numbers);

export const call = (change: Partial<Invocation> = {}): Invocation => ({
  caller: WORKER_ID,
  receiver: MINER_ID,
  value: 0n,
  method: 0,
  params: new Uint8Array(),
  origin: 't0100',
  originNonce: 0,
  ...change,
});

/** A miner of pre-sealed sectors (two a partition, filled deadline by deadline), epoch by epoch without a chain. */
export class ProvingChain {
  readonly policy: NetworkPolicy;
  runtime: Runtime;

  constructor({
    sectors = 14,
    policy = SHORT,
    expirations = {},
    unproven = [],
  }: {
    sectors?: number;
    policy?: NetworkPolicy;
    expirations?: Readonly<Record<number, Epoch>>;
    /** Sectors that are as if they had just been committed. */
    unproven?: readonly SectorNumber[];
  } = {}) {
    this.policy = policy;
    const genesis = defaultGenesis();
    const preSealed = Array.from({ length: sectors }, (_, number) => ({
      number,
      sealProof: 5,
      sealedCid: sealedCid(new Uint8Array(32).fill(number + 1)),
      expiration: expirations[number] ?? EXPIRATION,
    }));
    const miners = genesis.miners.map((miner) => ({ ...miner, sectors: preSealed }));
    this.runtime = new Runtime(
      genesisState({ ...genesis, miners }, new ChainSeed('unit', 0), policy),
      this.#environment(0),
    );
    // So that no deadline ends before the first.
    this.setMiner({ provingPeriodStart: 0, currentDeadline: 0 });
    this.#forgetProofsOf(bits(...unproven));
  }

  #environment(epoch: Epoch): Environment {
    return {
      epoch,
      policy: this.policy,
      economy: DEFAULT_ECONOMY,
      verifier: new DigestVerifier(),
      randomness: (source, tag, at, entropy) =>
        new Uint8Array(createHash('sha256').update(`${source} ${tag} ${at}`).update(entropy).digest()),
    };
  }

  #forgetProofsOf(numbers: BitField): void {
    const deadlines = this.miner.deadlines.map((deadline) => ({
      ...deadline,
      partitions: deadline.partitions.map((partition) => ({
        ...partition,
        unproven: partition.sectors.intersect(numbers),
      })),
    }));
    const { power } = this.miner;
    const lost = BigInt(numbers.size * this.miner.info.sectorSize);
    const left = { rawBytePower: power.rawBytePower - lost, qualityAdjPower: power.qualityAdjPower - lost };
    this.setMiner({ deadlines, power: left });
  }

  get epoch(): Epoch {
    return this.runtime.env.epoch;
  }

  get miner(): MinerState {
    const { miner } = this.runtime.actor(MINER_ID);
    if (!miner) throw new Error('no miner');
    return miner;
  }

  setMiner(change: Partial<MinerState>): void {
    this.runtime.update(MINER_ID, { miner: { ...this.miner, ...change } });
  }

  /** Goes on to an epoch, with what happens at the end of each before it. */
  to(epoch: Epoch): void {
    for (let at = this.epoch; at < epoch; at++) {
      runDeadlineCron(this.runtime);
      this.runtime = new Runtime(this.runtime.state, this.#environment(at + 1));
    }
  }

  get current(): DeadlineInfo {
    return currentDeadline(this.policy, this.miner.provingPeriodStart, this.epoch);
  }

  /** This deadline now, or the next time. */
  deadline(index: number): DeadlineInfo {
    const { periodStart } = this.current;
    return nextNotElapsed(this.policy, deadlineInfo(this.policy, periodStart, index, this.epoch));
  }

  /** Goes to the second epoch of a deadline the next time it opens, so that one has passed since it did. */
  toDeadline(index: number): void {
    const { open } = this.deadline(index);
    this.to(
      open >= this.epoch
        ? open + 1
        : open + 1 + this.policy.wPoStPeriodDeadlines * this.policy.wPoStChallengeWindow,
    );
  }

  partition(deadline: number, index = 0) {
    const partition = this.miner.deadlines[deadline]?.partitions[index];
    if (!partition) throw new Error(`deadline ${deadline} has no partition ${index}`);
    return partition;
  }

  /** What a good proof of the current deadline's partitions would be sent as. */
  params(
    partitions: readonly { index: number; skipped?: BitField }[] = [{ index: 0 }],
    change: Partial<SubmitWindowedPoStParams> = {},
  ): SubmitWindowedPoStParams {
    const { index: deadline, challenge } = this.current;
    const chainCommitEpoch = this.epoch - 1;
    const { randomness } = this.runtime.env;
    const covered = partitions.flatMap(({ index, skipped = BitField.empty }) => {
      const partition = this.miner.deadlines[deadline]?.partitions[index];
      return partition ? [{ partition, skipped }] : [];
    });
    const all = covered.flatMap(({ partition }) => [...partition.sectors]).sort((a, b) => a - b);
    const bad = new Set(
      covered.flatMap(({ partition: { faults, recoveries, terminated }, skipped }) => [
        ...faults.subtract(recoveries),
        ...terminated,
        ...skipped,
      ]),
    );
    const standIn = all.find((number) => !bad.has(number)) ?? 0;
    const sectors = all.map((number) => this.#proven(bad.has(number) ? standIn : number));
    const proofBytes = DigestVerifier.windowPoStOf(
      {
        miner: MINER_ID,
        postProof: 10,
        randomness: randomness('beacon', RANDOMNESS.windowPoSt, challenge, minerEntropy(MINER_ID)),
        sectors,
      },
      partitions.length,
    );
    return {
      deadline,
      partitions: partitions.map(({ index, skipped = BitField.empty }) => ({ index, skipped })),
      proofs: [{ postProof: 10, proofBytes }],
      chainCommitEpoch,
      chainCommitRand: randomness('tickets', RANDOMNESS.poStChainCommit, chainCommitEpoch, new Uint8Array()),
      ...change,
    };
  }

  #proven(number: SectorNumber) {
    const sector = this.miner.sectors.get(number);
    if (!sector) throw new Error(`no sector ${number}`);
    return { number, commR: sealedCommitment(sector.sealedCid) };
  }

  /** As {@link params}, sent. */
  post(...args: Parameters<ProvingChain['params']>): Promise<string> {
    return this.run((runtime) => submitWindowedPoSt(runtime, call(), this.params(...args)));
  }

  /** Runs a method, undone when it aborts; says `accepted` or the exit code and words. */
  async run(method: (runtime: Runtime) => unknown): Promise<string> {
    const before = this.runtime.state;
    try {
      await method(this.runtime);
      return 'accepted';
    } catch (error) {
      this.runtime.state = before;
      if (error instanceof ActorError) return `${error.exitCode}: ${error.message}`;
      throw error;
    }
  }
}
