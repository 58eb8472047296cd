import { describe, expect, it } from 'vitest';
import {
  BitField,
  decodeReturnOf,
  MINER_METHODS,
  POWER_METHODS,
  type SectorPreCommitInfo,
  sealedCid,
  unsealedCid,
} from '#codec';
import { ActorError, printFil } from '../../../src/devnet/actors/actor-error.ts';
import { DEFAULT_ECONOMY } from '../../../src/devnet/actors/economy.ts';
import { preCommitSectorBatch2 } from '../../../src/devnet/actors/miner/pre-commit.ts';
import { createMiner, nextActorAddress } from '../../../src/devnet/actors/power/create-miner.ts';
import { Runtime } from '../../../src/devnet/actors/runtime.ts';
import { ChainSeed } from '../../../src/devnet/chain/chain-seed.ts';
import { defaultGenesis } from '../../../src/devnet/genesis/genesis-spec.ts';
import { genesisState } from '../../../src/devnet/genesis/genesis-state.ts';
import { DEFAULT_POLICY } from '../../../src/devnet/policy.ts';
import { recording } from './recording.ts';

const DAY = 2880;
const NOW = 5_000;
/** What activates latest is proven 30 days and the challenge delay after now. */
const LATEST_ACTIVATION = NOW + 30 * DAY + 10;

function runtimeAt(epoch: number): Runtime {
  const state = genesisState(defaultGenesis(), new ChainSeed('unit', 0), DEFAULT_POLICY);
  return new Runtime(state, {
    epoch,
    policy: DEFAULT_POLICY,
    economy: DEFAULT_ECONOMY,
    verifier: {
      verifySeal: async () => true,
      verifyAggregate: async () => true,
      verifyWindowPoSt: async () => true,
      close: async () => {},
    },
    randomness: () => new Uint8Array(32),
  });
}

const call = (method: number, change = {}) => ({
  caller: 100,
  receiver: 1000,
  value: 0n,
  method,
  params: new Uint8Array(),
  origin: 't0100',
  originNonce: 0,
  ...change,
});

const sector = (change: Partial<SectorPreCommitInfo> = {}): SectorPreCommitInfo => ({
  sealProof: 5,
  sectorNumber: 1,
  sealedCid: sealedCid(new Uint8Array(32).fill(1)),
  sealRandEpoch: NOW - 900,
  dealIds: [],
  expiration: LATEST_ACTIVATION + 200 * DAY,
  unsealedCid: null,
  ...change,
});

function abortOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof ActorError) return `${error.exitCode}: ${error.message}`;
    throw error;
  }
  return 'accepted';
}

const preCommit = (...sectors: SectorPreCommitInfo[]) =>
  abortOf(() => preCommitSectorBatch2(runtimeAt(NOW), call(28), { sectors }));

describe('PreCommitSectorBatch2', () => {
  it.each<readonly [string, SectorPreCommitInfo[], string]>([
    ['a V1_1 sector', [sector()], 'accepted'],
    ['a synthetic one', [sector({ sealProof: 10 })], 'accepted'],
    ['several', [sector(), sector({ sectorNumber: 2 })], 'accepted'],
    ['none', [], '16: batch empty'],
    ['one twice', [sector(), sector()], '16: duplicate sector number 1'],
    ['V1', [sector({ sealProof: 0 })], '16: unsupported seal proof type 0'],
    ['a size the network does not take', [sector({ sealProof: 8 })], '16: unsupported seal proof type 8'],
    ['NI-PoRep', [sector({ sealProof: 15 })], '16: unsupported seal proof type 15'],
    [
      'a size that is not the miner’s',
      [sector({ sealProof: 6 })],
      '16: sector Window PoSt proof type %d must match miner Window PoSt proof type 11 (seal proof type 10)',
    ],
    [
      'CommD for CommR',
      [sector({ sealedCid: unsealedCid(new Uint8Array(32)) })],
      '16: sealed CID had wrong prefix',
    ],
    [
      'CommR for CommD',
      [sector({ unsealedCid: sealedCid(new Uint8Array(32)) })],
      '16: unsealed CID had wrong prefix',
    ],
    [
      'a ticket of now',
      [sector({ sealRandEpoch: NOW })],
      '16: seal challenge epoch 5000 must be before now 5000',
    ],
    ['the oldest ticket', [sector({ sealRandEpoch: NOW - 3780 })], 'accepted'],
    [
      'an older one',
      [sector({ sealRandEpoch: NOW - 3781 })],
      '16: seal challenge epoch 1219 too old, must be after 1220',
    ],
    ['the shortest life', [sector({ expiration: LATEST_ACTIVATION + 180 * DAY })], 'accepted'],
    [
      'a shorter one',
      [sector({ expiration: LATEST_ACTIVATION + 180 * DAY - 1 })],
      `16: invalid expiration ${LATEST_ACTIVATION + 180 * DAY - 1}, total sector lifetime (${180 * DAY - 1}) must exceed ${180 * DAY} after activation ${LATEST_ACTIVATION}`,
    ],
    [
      'one that is over before it begins',
      [sector({ expiration: LATEST_ACTIVATION })],
      `16: sector expiration ${LATEST_ACTIVATION} must be after activation ${LATEST_ACTIVATION}`,
    ],
    ['the longest life', [sector({ expiration: NOW + 1278 * DAY })], 'accepted'],
    [
      'a longer one',
      [sector({ expiration: NOW + 1278 * DAY + 1 })],
      `16: invalid expiration ${NOW + 1278 * DAY + 1}, cannot be more than ${1278 * DAY} past current epoch ${NOW}`,
    ],
  ])('%s', (_what, sectors, expected) => {
    expect(preCommit(...sectors)).toBe(expected);
  });

  it('is refused to others than owner, worker and control addresses', () => {
    const run = () =>
      preCommitSectorBatch2(runtimeAt(NOW), call(28, { caller: 101 }), { sectors: [sector()] });
    expect(abortOf(run)).toBe('18: caller f0101 is not one of supported');
  });

  it('waits until fee debt can be paid, and pays it', () => {
    const runtime = runtimeAt(NOW);
    const owing = (feeDebt: bigint) => {
      const { miner } = runtime.actor(1000);
      if (miner) runtime.update(1000, { miner: { ...miner, feeDebt } });
    };
    owing(10n ** 24n);
    const run = () => preCommitSectorBatch2(runtime, call(28), { sectors: [sector()] });
    expect(abortOf(run)).toMatch(/^20: unlocked balance can not repay fee debt/);
    owing(5n);
    expect(abortOf(run)).toBe('accepted');
    expect(runtime.actor(99).balance).toBe(5n);
    expect(runtime.actor(1000).miner?.allocatedSectors.equals(BitField.of([1]))).toBe(true);
  });
});

describe('CreateMiner', () => {
  const params = {
    owner: 't0100',
    worker: 't0100',
    windowPoStProofType: 10,
    peer: new Uint8Array(),
    multiaddrs: [],
  };
  const create = (change = {}, value = 10n ** 18n) => {
    const runtime = runtimeAt(NOW);
    runtime.update(4, { balance: value });
    return abortOf(() => createMiner(runtime, call(2, { receiver: 4, value }), { ...params, ...change }));
  };

  it('names the new actor as the recorded one is named', () => {
    const message = recording('174-ChainGetMessage-CreateMiner').response.result as {
      From: string;
      Nonce: number;
    };
    const created = recording('176-StateSearchMsg-CreateMiner').response.result as {
      Receipt: { Return: string };
    };
    const address = nextActorAddress({ origin: message.From, originNonce: message.Nonce });
    const { robustAddress } = decodeReturnOf(
      POWER_METHODS.CreateMiner,
      new Uint8Array(Buffer.from(created.Receipt.Return, 'base64')),
      't',
    );
    expect(address).toBe(robustAddress);
  });

  it.each<readonly [string, object, bigint, string]>([
    ['a 2 KiB miner', {}, 10n ** 18n, 'accepted'],
    [
      'too little money',
      {},
      5_937_181_319n,
      '19: not enough balance to lock for create miner deposit: sent balance 5937181319 < deposit 5937181320',
    ],
    [
      'a size the network does not take',
      { windowPoStProofType: 13 },
      10n ** 18n,
      '16: proof type 13 not allowed for new miner actors',
    ],
    [
      'an unknown owner',
      { owner: 't1pb6mnpouqceb45hdluif7wm7kon7xliv6jtyyza' },
      10n ** 18n,
      '16: unable to resolve owner address: f1pb6mnpouqceb45hdluif7wm7kon7xliv6jtyyza',
    ],
    [
      'a worker with a secp256k1 key',
      { worker: 't0101' },
      10n ** 18n,
      '16: worker account key must be BLS protocol, was 1',
    ],
    [
      'a worker that is no account',
      { worker: 't01000' },
      10n ** 18n,
      '16: worker actor type must be an account, was storageminer',
    ],
  ])('%s', (_what, change, value, expected) => {
    expect(create(change, value)).toBe(expected);
  });
});

describe('money in errors', () => {
  it.each([
    [0n, '0.0'],
    [1n, '0.000000000000000001'],
    [10n ** 18n, '1.0'],
    [-15n * 10n ** 17n, '-1.5'],
  ])('%s attoFIL', (amount, text) => {
    expect(printFil(amount)).toBe(text);
  });

  it('belongs to methods of these numbers', () => {
    expect([MINER_METHODS.PreCommitSectorBatch2.number, POWER_METHODS.CreateMiner.number]).toEqual([28, 2]);
  });
});
