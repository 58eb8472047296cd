import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cidFromBytes,
  cidToBytes,
  parsePieceCid,
  pieceCidV2,
  sealedCid,
  sealedCommitment,
  toHex,
  unsealedCid,
  unsealedCommitment,
} from '#codec';

const digest = fc.uint8Array({ minLength: 32, maxLength: 32 });
const COMM_R = 'bagboea4b5abcb6acqltkpv4hzuc2eyp2h3rbsfavslipuyw4vvpfyeniahzg6x2k';
/** CommP of 127 zero bytes (a 128-byte padded piece). */
const ZERO_PIECE_128 = 'baga6ea4seaqdomn3tgwgrh3g532zopskstnbrd2n3sxfqbze7rxt7vqn7veigmy';

describe('commitment CIDs', () => {
  it('digests and CIDs are two forms of one commitment', () => {
    fc.assert(
      fc.property(digest, (bytes) => {
        expect(unsealedCommitment(unsealedCid(bytes))).toEqual(bytes);
        expect(sealedCommitment(sealedCid(bytes))).toEqual(bytes);
        const cid = sealedCid(bytes);
        expect(cidFromBytes(cidToBytes(cid))).toBe(cid);
      }),
    );
  });

  it('the recorded CommR reads and writes unchanged', () => {
    expect(sealedCid(sealedCommitment(COMM_R))).toBe(COMM_R);
  });

  it('one kind is not taken for another', () => {
    expect(() => unsealedCommitment(COMM_R)).toThrow('CommD');
    expect(() => sealedCommitment(ZERO_PIECE_128)).toThrow('CommR');
    expect(() => parsePieceCid(COMM_R)).toThrow('CommD');
    expect(() => parsePieceCid('hello')).toThrow('not a CID');
    expect(() => sealedCid(new Uint8Array(31))).toThrow('31 bytes');
  });

  it('piece CIDs of version 1 give the commitment, of version 2 the sizes too', () => {
    const commitment = unsealedCommitment(ZERO_PIECE_128);
    expect(parsePieceCid(ZERO_PIECE_128)).toEqual({ commitment });
    const v2 = pieceCidV2(commitment, 512, 508);
    expect(v2.startsWith('bafkzcib')).toBe(true);
    expect(parsePieceCid(v2)).toEqual({ commitment, paddedBytes: 512, payloadBytes: 508 });
  });

  it('a version 2 piece CID gives back what it was made of', () => {
    fc.assert(
      fc.property(digest, fc.integer({ min: 7, max: 36 }), fc.nat(), (commitment, exponent, seed) => {
        const paddedBytes = 2 ** exponent;
        const most = (paddedBytes / 128) * 127;
        const payloadBytes = most - (seed % Math.min(most, 2 ** 30));
        expect(parsePieceCid(pieceCidV2(commitment, paddedBytes, payloadBytes))).toEqual({
          commitment,
          paddedBytes,
          payloadBytes,
        });
      }),
    );
  });

  it('a CID is written over a multihash of the network’s codes', () => {
    const bytes = Uint8Array.from({ length: 32 }, (_, index) => 200 - index);
    expect(toHex(cidToBytes(unsealedCid(bytes)))).toBe(`0181e203922020${toHex(bytes)}`);
    expect(toHex(cidToBytes(sealedCid(bytes)))).toBe(`0182e20381e80220${toHex(bytes)}`);
  });
});
