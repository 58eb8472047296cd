/** A Filecoin actor id, the number behind `t01000`. Always a safe integer. */
export type ActorId = number;
/** A chain height, in epochs (30 s on mainnet). */
export type Epoch = number;
/** A sector's number, unique for ever within its miner. */
export type SectorNumber = number;
/** A count of bytes. Sector sizes and disks stay below 2^53. */
export type Bytes = number;
/** Money, in attoFIL (10^-18 FIL). */
export type AttoFil = bigint;
/** A CID in its canonical string form. */
export type CidString = string;
/** An address in its string form with the network's prefix (`t…` or `f…`). */
export type AddressString = string;

/** Names one sector on a fleet that several miners share. */
export interface SectorId {
  readonly miner: ActorId;
  readonly number: SectorNumber;
}

/** The name of a sector in paths, job ids and logs: `s-t01000-12`, as Lotus names its files. */
export function sectorName(id: SectorId): string {
  return `s-t0${id.miner}-${id.number}`;
}

/** Reads a sector's name as {@link sectorName} writes it, or the `t01000/12` and `f01000/12` people type. */
export function parseSectorName(text: string): SectorId | undefined {
  const match = /^(?:s-)?[tf]0(\d+)[-/](\d+)$/.exec(text);
  if (!match) return undefined;
  const miner = Number(match[1]);
  const number = Number(match[2]);
  if (!Number.isSafeInteger(miner) || !Number.isSafeInteger(number)) return undefined;
  return { miner, number };
}
