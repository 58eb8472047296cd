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

const digest = fc.uint8Array({ minLength: 32, maxLength: 32 });
const bytes = fc.uint8Array({ maxLength: 40 });
const uint = fc.maxSafeNat();
const epoch = fc.integer({ min: -900, max: 5_000_000 });
const commD = digest.map(unsealedCid);
const commR = digest.map(sealedCid);
const amount = fc.bigInt(0n, 2n * 10n ** 27n);
const address = fc.oneof(
  fc.nat().map((id) => idAddress(id, 't')),
  fc
    .uint8Array({ minLength: 20, maxLength: 20 })
    .map((payload) => formatAddress({ protocol: 1, payload }, 't')),
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
  WithdrawBalance: fc.record({ amountRequested: amount }),
  ChangeWorkerAddress: fc.record({
    newWorker: address,
    newControlAddresses: fc.array(address, { maxLength: 3 }),
  }),
  ChangeOwnerAddress: address,
  ChangeBeneficiary: fc.record({ newBeneficiary: address, newQuota: amount, newExpiration: epoch }),
  RepayDebt: fc.constant(undefined),
};

describe('method parameters', () => {
  it.each(Object.entries(PARAMS))('of %s come back from their bytes', (name, arbitrary) => {
    const method = MINER_METHODS[name as keyof typeof MINER_METHODS] as unknown as ActorMethod<
      unknown,
      unknown
    >;
    expect(findMethod('storageminer', method.number)).toBe(method);
    fc.assert(
      fc.property(arbitrary, (params) => {
        const encoded = encodeParams(method, params);
        const decoded = decodeParamsOf(method, encoded, 't');
        expect(toHex(encodeParams(method, decoded))).toBe(toHex(encoded));
        expect(plain(decoded)).toEqual(plain(params));
      }),
      { numRuns: 50 },
    );
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
