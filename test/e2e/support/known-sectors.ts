/**
 * The sectors of the end-to-end tests. Number and data are part of what is proven: the suites seal the same ones on the
 * same test network, so that the memo of proofs knows each after its first time. A new one costs 100 CPU-seconds.
 */
export const NETWORK = { name: 'beepro-devnet-test', seed: 'test' } as const;

/** Committed capacity; the first number that a pledge takes. */
export const CC_SECTOR = 0;
/** With these pieces, the largest first as they are packed. */
export const DATA_SECTOR = 1;
export const DATA_PIECES: readonly Uint8Array[] = [payload(500), payload(200)];
/** Synthetic PoRep, no data. */
export const SYNTHETIC_SECTOR = 2;

function payload(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 7 + length) % 251);
}
