import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  aggregateProofBytes,
  type BatchRoom,
  fitsMessage,
  manifestBytes,
  messageBytes,
  messageLimit,
  networkPolicy,
  preCommitBytes,
  preCommitParams,
  proofBytes,
  proveCommitParams,
  type SectorWithPieces,
  WIDEST_MESSAGE,
} from '#chain';
import { encodeSignedMessage, unsealedCid } from '#codec';
import type { PieceRow, SectorRow } from '#db';

const LIMIT = messageLimit(networkPolicy(28));
const COMMIT: BatchRoom = { form: 'commit', limit: LIMIT };
const HASH = '11'.repeat(31);

function signedLength(params: Uint8Array): number {
  return encodeSignedMessage({ ...WIDEST_MESSAGE, message: { ...WIDEST_MESSAGE.message, params } }).length;
}

function sector(number: number, proofLength: number, sizes: readonly number[] = []): SectorWithPieces {
  const row = { number, miner: 1000, seal_proof: 8, comm_r: `${HASH}01`, comm_d: `${HASH}02` };
  const pieces = sizes.map((size, index) => ({
    cid: unsealedCid(new Uint8Array(32).fill(index)),
    padded_size: 128 * 2 ** (size % 24),
    ...(size % 3 === 0
      ? { notify_address: 't05', notify_payload: 'ab'.repeat(size) }
      : { notify_address: null, notify_payload: null }),
  }));
  return {
    sector: { ...row, ticket_epoch: 123_456, proof: 'cd'.repeat(proofLength) } as SectorRow,
    pieces: pieces as PieceRow[],
  };
}

function bytesOf({ sector: row, pieces }: SectorWithPieces): number {
  return manifestBytes(row.number, pieces) + proofBytes((row.proof?.length ?? 0) / 2);
}

/** As many as fit, in their order. */
function filled(members: readonly SectorWithPieces[]): number {
  let bytes = 0;
  let count = 0;
  for (const member of members) {
    bytes += bytesOf(member);
    if (!fitsMessage(COMMIT, count + 1, bytes)) break;
    count += 1;
  }
  return count;
}

describe('the size of a prove-commit', () => {
  it('holds 33 unaggregated proofs of 32 GiB sectors, and not 34', () => {
    const members = Array.from({ length: 40 }, (_, index) => sector(1_000 + index, 1_920));
    expect(filled(members)).toBe(33);
    expect(signedLength(proveCommitParams(members.slice(0, 33)))).toBeLessThanOrEqual(LIMIT);
    expect(signedLength(proveCommitParams(members.slice(0, 34)))).toBeGreaterThan(LIMIT);
  });

  it('holds every proof of 2 KiB sectors that a batch may have: only large sectors meet the limit', () => {
    expect(filled(Array.from({ length: 256 }, (_, index) => sector(index, 192)))).toBe(256);
  });

  it('is what the encoder makes, and at the boundary: never above the limit, and one more would be', () => {
    const members = fc.array(
      fc.record({
        number: fc.nat(2 ** 40),
        proof: fc.constantFrom(192, 1_920),
        pieces: fc.array(fc.nat(40), { maxLength: 12 }),
      }),
      { minLength: 1, maxLength: 80 },
    );
    fc.assert(
      fc.property(members, (list) => {
        const all = list.map(({ number, proof, pieces }) => sector(number, proof, pieces));
        const count = filled(all);
        const taken = all.slice(0, count);
        const bytes = taken.reduce((sum, member) => sum + bytesOf(member), 0);
        expect(signedLength(proveCommitParams(taken))).toBe(messageBytes(COMMIT, count, bytes));
        expect(signedLength(proveCommitParams(taken))).toBeLessThanOrEqual(LIMIT);
        if (count < all.length)
          expect(signedLength(proveCommitParams(all.slice(0, count + 1)))).toBeGreaterThan(LIMIT);
      }),
      { numRuns: 60 },
    );
  });

  it('with one proof for all is what the encoder makes', () => {
    const members = Array.from({ length: 100 }, (_, index) => sector(index, 1_920));
    const proof = new Uint8Array(aggregateProofBytes(8, 100));
    const room: BatchRoom = { form: 'aggregate', limit: LIMIT, proofBytes: () => proof.length };
    const bytes = members.reduce(
      (sum, member) => sum + manifestBytes(member.sector.number, member.pieces),
      0,
    );
    expect(signedLength(proveCommitParams(members, proof))).toBe(messageBytes(room, 100, bytes));
  });
});

it('a pre-commit of 256 sectors is never larger than reckoned, and fits', () => {
  const members = Array.from({ length: 256 }, (_, index) => sector(2 ** 40 + index, 0, [1]));
  const reckoned = messageBytes({ form: 'precommit', limit: LIMIT }, 256, 256 * preCommitBytes());
  expect(signedLength(preCommitParams(members, 5_000_000))).toBeLessThanOrEqual(reckoned);
  expect(reckoned).toBeLessThanOrEqual(LIMIT);
});

it('an aggregate grows with the doublings of its proofs: what the proofs library made', () => {
  expect([2, 4, 5, 8, 16, 512].map((count) => aggregateProofBytes(5, count))).toEqual([
    5_236, 8_212, 11_188, 11_188, 14_164, 29_044,
  ]);
  // Ten Groth16 proofs for a 32 GiB sector.
  expect(aggregateProofBytes(8, 819)).toBe(2_260 + 13 * 2_976);
});
