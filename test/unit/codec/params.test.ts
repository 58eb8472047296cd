import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ActorMethod,
  BitField,
  decodeParamsOf,
  encodeParams,
  findMethod,
  formatAddress,
  idAddress,
  MINER_METHODS,
  POWER_METHODS,
  sealedCid,
  toHex,
  unsealedCid,
} from '#codec';
import { isBeeproError } from '#core';

const digest = fc.uint8Array({ minLength: 32, maxLength: 32 });
const bytes = fc.uint8Array({ maxLength: 40 });
const uint = fc.maxSafeNat();
const epoch = fc.integer({ min: -900, max: 5_000_000 });
const commD = digest.map(unsealedCid);
const commR = digest.map(sealedCid);
const amount = fc.bigInt(0n, 2n * 10n ** 27n);
const payload = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const address = fc.oneof(
  fc.nat().map((id) => idAddress(id, 't')),
  payload(20).map((key) => formatAddress({ protocol: 1, payload: key }, 't')),
  payload(20).map((actor) => formatAddress({ protocol: 2, payload: actor }, 't')),
  payload(48).map((key) => formatAddress({ protocol: 3, payload: key }, 't')),
  // Namespace 10 is the Ethereum address manager: t410f… stands for an 0x… address of 20 bytes.
  payload(20).map((sub) => formatAddress({ protocol: 4, payload: Uint8Array.of(10, ...sub) }, 't')),
);
const sectors = fc.uniqueArray(fc.nat(5_000), { maxLength: 30 }).map((numbers) => BitField.of(numbers));
const piece = fc.record({
  cid: commD,
  size: fc.constantFrom(128, 2048, 2 ** 35),
  verifiedAllocationKey: fc.option(fc.record({ client: fc.nat(), id: fc.bigInt(0n, (1n << 63n) - 1n) })),
  notify: fc.array(fc.record({ address, payload: bytes }), { maxLength: 2 }),
});
const declaration = fc.record({ deadline: fc.nat(47), partition: fc.nat(3), sectors });

/** Any parameters of the methods that this project sends. */
const PARAMS: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  PreCommitSectorBatch2: fc.record({
    sectors: fc.array(
      fc.record({
        sealProof: fc.nat(19),
        sectorNumber: uint,
        sealedCid: commR,
        sealRandEpoch: epoch,
        dealIds: fc.constant([]),
        expiration: epoch,
        unsealedCid: fc.option(commD),
      }),
      { maxLength: 4 },
    ),
  }),
  ProveCommitSectors3: fc.record({
    sectorActivations: fc.array(fc.record({ sectorNumber: uint, pieces: fc.array(piece, { maxLength: 3 }) })),
    sectorProofs: fc.array(bytes),
    aggregateProof: bytes,
    aggregateProofType: fc.option(fc.nat(1)),
    requireActivationSuccess: fc.boolean(),
    requireNotificationSuccess: fc.boolean(),
  }),
  ProveReplicaUpdates3: fc.record({
    sectorUpdates: fc.array(
      fc.record({
        sector: uint,
        deadline: fc.nat(47),
        partition: fc.nat(3),
        newSealedCid: commR,
        pieces: fc.array(piece, { maxLength: 3 }),
      }),
      { maxLength: 3 },
    ),
    sectorProofs: fc.array(bytes, { maxLength: 3 }),
    aggregateProof: bytes,
    updateProofsType: fc.nat(9),
    aggregateProofType: fc.option(fc.nat(1)),
    requireActivationSuccess: fc.boolean(),
    requireNotificationSuccess: fc.boolean(),
  }),
  SubmitWindowedPoSt: fc.record({
    deadline: fc.nat(47),
    partitions: fc.array(fc.record({ index: fc.nat(3), skipped: sectors }), { maxLength: 3 }),
    proofs: fc.array(fc.record({ postProof: fc.nat(14), proofBytes: bytes }), { maxLength: 1 }),
    chainCommitEpoch: epoch,
    chainCommitRand: digest,
  }),
  DeclareFaults: fc.record({ faults: fc.array(declaration, { maxLength: 3 }) }),
  DeclareFaultsRecovered: fc.record({ recoveries: fc.array(declaration, { maxLength: 3 }) }),
  TerminateSectors: fc.record({ terminations: fc.array(declaration, { maxLength: 3 }) }),
  ExtendSectorExpiration2: fc.record({
    extensions: fc.array(
      fc.record({
        deadline: fc.nat(47),
        partition: fc.nat(3),
        sectors,
        sectorsWithClaims: fc.array(
          fc.record({
            sectorNumber: uint,
            maintainClaims: fc.array(fc.nat()),
            dropClaims: fc.array(fc.nat()),
          }),
          { maxLength: 2 },
        ),
        newExpiration: epoch,
      }),
      { maxLength: 2 },
    ),
  }),
  CompactPartitions: fc.record({ deadline: fc.nat(47), partitions: sectors }),
  CompactSectorNumbers: fc.record({ maskSectorNumbers: sectors }),
  DisputeWindowedPoSt: fc.record({ deadline: fc.nat(47), postIndex: fc.nat(7) }),
  ReportConsensusFault: fc.record({ header1: bytes, header2: bytes, headerExtra: bytes }),
  WithdrawBalance: fc.record({ amountRequested: amount }),
  ChangeWorkerAddress: fc.record({
    newWorker: address,
    newControlAddresses: fc.array(address, { maxLength: 3 }),
  }),
  ChangeOwnerAddress: address,
  ChangeBeneficiary: fc.record({ newBeneficiary: address, newQuota: amount, newExpiration: epoch }),
  RepayDebt: fc.constant(undefined),
  ConfirmChangeWorkerAddress: fc.constant(undefined),
};

const CREATE_MINER = fc.record({
  owner: address,
  worker: address,
  windowPoStProofType: fc.nat(14),
  peer: bytes,
  multiaddrs: fc.array(bytes, { maxLength: 2 }),
});

const some = BitField.of([0, 1]);
/**
 * Worked out by hand from the actor's types (arrays in field order; a bitfield is its RLE+ as a byte string, an amount
 * its sign and magnitude). Source: builtin-actors v18 `actors/miner/src/types.rs`.
 */
const VECTORS: readonly (readonly [keyof typeof MINER_METHODS, unknown, string])[] = [
  ['DeclareFaults', { faults: [{ deadline: 1, partition: 2, sectors: some }] }, '81818301024154'],
  [
    'DeclareFaultsRecovered',
    { recoveries: [{ deadline: 1, partition: 2, sectors: some }] },
    '81818301024154',
  ],
  ['TerminateSectors', { terminations: [{ deadline: 47, partition: 0, sectors: some }] }, '818183182f004154'],
  ['CompactPartitions', { deadline: 3, partitions: some }, '82034154'],
  ['CompactSectorNumbers', { maskSectorNumbers: some }, '814154'],
  ['DisputeWindowedPoSt', { deadline: 5, postIndex: 1 }, '820501'],
  ['WithdrawBalance', { amountRequested: 10n ** 18n }, '8149000de0b6b3a7640000'],
  [
    'ReportConsensusFault',
    { header1: Uint8Array.of(1), header2: Uint8Array.of(2), headerExtra: new Uint8Array() },
    '834101410240',
  ],
  ['ChangeWorkerAddress', { newWorker: 't01000', newControlAddresses: ['t01001'] }, '824300e807814300e907'],
  [
    'ExtendSectorExpiration2',
    {
      extensions: [
        {
          deadline: 1,
          partition: 0,
          sectors: some,
          sectorsWithClaims: [{ sectorNumber: 9, maintainClaims: [4], dropClaims: [] }],
          newExpiration: 1000,
        },
      ],
    },
    '818185010041548183098104801903e8',
  ],
  ['ConfirmChangeWorkerAddress', undefined, ''],
];

function comeBack(method: ActorMethod<unknown, unknown>, arbitrary: fc.Arbitrary<unknown>): void {
  fc.assert(
    fc.property(arbitrary, (params) => {
      const encoded = encodeParams(method, params);
      const decoded = decodeParamsOf(method, encoded, 't');
      expect(toHex(encodeParams(method, decoded))).toBe(toHex(encoded));
      expect(plain(decoded)).toEqual(plain(params));
    }),
    { numRuns: 50 },
  );
}

describe('method parameters', () => {
  it.each(Object.entries(PARAMS))('of %s come back from their bytes', (name, arbitrary) => {
    const method = MINER_METHODS[name as keyof typeof MINER_METHODS] as unknown as ActorMethod<
      unknown,
      unknown
    >;
    expect(findMethod('storageminer', method.number)).toBe(method);
    comeBack(method, arbitrary);
  });

  it('of CreateMiner come back from their bytes', () => {
    const method = POWER_METHODS.CreateMiner as unknown as ActorMethod<unknown, unknown>;
    expect(findMethod('storagepower', 2)).toBe(method);
    comeBack(method, CREATE_MINER);
  });

  it('bytes that are no parameters of a method are refused as such, never taken for others', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(MINER_METHODS)), fc.uint8Array(), (method, data) => {
        const any = method as unknown as ActorMethod<unknown, unknown>;
        let decoded: unknown;
        try {
          decoded = decodeParamsOf(any, data, 't');
        } catch (error) {
          expect(isBeeproError(error)).toBe(true);
          return;
        }
        if (any.params !== (MINER_METHODS.RepayDebt.params as unknown))
          expect(toHex(encodeParams(any, decoded))).toBe(toHex(data));
      }),
      { numRuns: 500 },
    );
  });

  it.each(VECTORS)('%s stand as the actor reads them', (name, params, hex) => {
    const method = MINER_METHODS[name] as unknown as ActorMethod<unknown, unknown>;
    expect(toHex(encodeParams(method, params))).toBe(hex);
  });

  it('method numbers are unique, and are those of network version 28', () => {
    const numbers = Object.values(MINER_METHODS).map(({ number }) => number);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(MINER_METHODS.PreCommitSectorBatch2.number).toBe(28);
    expect(MINER_METHODS.ProveCommitSectors3.number).toBe(34);
    expect(POWER_METHODS.CreateMiner.number).toBe(2);
  });

  it('no parameters are no bytes', () => {
    expect(encodeParams(MINER_METHODS.RepayDebt, undefined)).toEqual(new Uint8Array());
    expect(decodeParamsOf(MINER_METHODS.RepayDebt, new Uint8Array(), 't')).toBeUndefined();
  });

  it('a piece manifest stands as the actor reads it', () => {
    // [[sector, [[cid, size, [client, id] | null, [[address, payload]]]]], proofs, aggregate, type, bool, bool]
    const encoded = encodeParams(MINER_METHODS.ProveCommitSectors3, {
      sectorActivations: [
        {
          sectorNumber: 7,
          pieces: [
            {
              cid: unsealedCid(new Uint8Array(32)),
              size: 2048,
              verifiedAllocationKey: { client: 1001, id: 3n },
              notify: [{ address: 't05', payload: Uint8Array.of(1) }],
            },
          ],
        },
      ],
      sectorProofs: [Uint8Array.of(9)],
      aggregateProof: new Uint8Array(),
      aggregateProofType: null,
      requireActivationSuccess: true,
      requireNotificationSuccess: false,
    });
    const link = `d82a5828000181e203922020${'00'.repeat(32)}`;
    const manifest = `8184${link}190800821903e90381824200054101`;
    expect(toHex(encoded)).toBe(`86818207${manifest}81410940f6f5f4`);
  });
});

/** Bitfields as lists, so that they can be compared. */
function plain(value: unknown): unknown {
  if (value instanceof BitField) return [...value];
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]));
}
