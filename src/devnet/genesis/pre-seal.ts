import { createHash } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { fromHex, sealedCid } from '#codec';
import {
  type ActorId,
  BeeproError,
  type Epoch,
  type SectorNumber,
  type SectorSizeName,
  sealProof,
} from '#core';
import { ResidentSealer, type SealerProgram } from '#sealer';
import { DEFAULT_POLICY } from '../policy.ts';
import type { PreSealedSector } from './genesis-spec.ts';

export interface PreSealRequest {
  readonly sealer: SealerProgram;
  /** Holds the sectors in folders of their own; those that are there already are taken as they are. */
  readonly dir: string;
  readonly miner: ActorId;
  readonly numbers: readonly SectorNumber[];
  /** Default 2 KiB. */
  readonly sectorSize?: SectorSizeName;
  /** Default the longest that the chain allows. */
  readonly expiration?: Epoch;
}

/** A genesis sector whose files exist, so that window and winning PoSt can be proven for it. */
export interface PreSealedFiles extends PreSealedSector {
  /** Raw CommR, 64 hexadecimal digits. */
  readonly commR: string;
  /** The sector's folder, with its `sealed` and `cache`. */
  readonly dir: string;
}

/**
 * Seals sectors without data for a genesis with the real sealer, up to pre-commit 2: the chain believes what it begins
 * with, so that no C2 is needed. Without `cache` of what PoSt does not read.
 *
 * @throws BeeproError `SEALER_…`
 */
export async function preSealSectors(request: PreSealRequest): Promise<PreSealedFiles[]> {
  const { sealer: program, dir, miner, numbers } = request;
  const { id: proof } = sealProof(request.sectorSize ?? '2KiB', 'interactive');
  const expiration = request.expiration ?? DEFAULT_POLICY.maxSectorExpiration;
  await mkdir(dir, { recursive: true });
  const sealer = new ResidentSealer(program, join(dir, 'sealer'));
  try {
    const sectors: PreSealedFiles[] = [];
    for (const number of numbers) {
      const own = join(dir, `s-t0${miner}-${number}`);
      const commR = await sealOne(sealer, { miner, number, proof, dir: own });
      const bytes = fromHex(commR);
      if (!bytes) throw new BeeproError('INPUT_INVALID', { what: 'a CommR', detail: commR });
      sectors.push({ number, sealProof: proof, sealedCid: sealedCid(bytes), expiration, commR, dir: own });
    }
    return sectors;
  } finally {
    await sealer.close();
  }
}

interface SectorFolder {
  readonly miner: ActorId;
  readonly number: SectorNumber;
  readonly proof: number;
  readonly dir: string;
}

/** Returns CommR. */
async function sealOne(sealer: ResidentSealer, sector: SectorFolder): Promise<string> {
  const ticket = ticketOf(sector);
  const known = await sealedBefore(sector, ticket);
  if (known !== undefined) return known;
  await rm(sector.dir, { recursive: true, force: true });
  await mkdir(sector.dir, { recursive: true });
  const run = (op: string) => ({
    id: `pre-seal-${op}-${sector.miner}-${sector.number}-${sector.proof}-${Date.now()}`,
  });
  await sealer.request('add-piece', { sector, pieces: [] }, run('ap'));
  await sealer.request('pre-commit-1', { sector, ticket, pieces: [] }, run('pc1'));
  const { result } = await sealer.request('pre-commit-2', { sector, ticket }, run('pc2'));
  await sealer.request('clear-cache', { sector, synthetic_proofs: true }, run('cc'));
  return result.comm_r;
}

/** Any ticket will do: the same for a sector every time, so that its CommR is. */
function ticketOf({ miner, number, proof }: SectorFolder): string {
  const digest = createHash('sha256').update(`pre-sealed ${miner} ${number} ${proof}`).digest();
  // Below the field's modulus.
  digest[31] = (digest[31] ?? 0) & 0x3f;
  return digest.toString('hex');
}

/** The sealer's own markers. Source: docs/sealer-protocol.md, *Sector directory*. */
const keyFile = z.object({ miner: z.number(), number: z.number(), proof: z.number(), ticket: z.string() });
const sealedFile = z.object({ comm_r: z.string() });

async function sealedBefore(sector: SectorFolder, ticket: string): Promise<string | undefined> {
  const read = async <T>(name: string, schema: z.ZodType<T>): Promise<T | undefined> => {
    const text = await readFile(join(sector.dir, 'cache', name), 'utf8').catch(() => undefined);
    return text === undefined ? undefined : schema.safeParse(JSON.parse(text)).data;
  };
  const key = await read('beepro-key.json', keyFile);
  const { miner, number, proof } = sector;
  const same = key?.miner === miner && key.number === number && key.proof === proof && key.ticket === ticket;
  return same ? (await read('beepro-sealed.json', sealedFile))?.comm_r : undefined;
}
