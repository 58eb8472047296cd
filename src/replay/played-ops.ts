import { createHash } from 'node:crypto';
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { sealProofById } from '#core';
import { type OpName, STAND_IN_MARK, standInProof } from '#sealer';
import { commDOf, standInCommR } from './commitments.ts';
import { PlayedError } from './played-error.ts';
import type { PlayedPhase } from './player.ts';
import type { PlayedSector } from './sector-folder.ts';

const hex32 = z.string().regex(/^[0-9a-f]{64}$/);
const sectorParam = z.object({ miner: z.number(), number: z.number(), proof: z.number(), dir: z.string() });
const pieceParam = z.object({ padded_size: z.number(), comm_p: hex32 });
const onSector = z.object({ sector: sectorParam });
const withTicket = onSector.extend({ ticket: hex32 });

/** The sector of a directory. */
export type SectorsAt = (dir: string) => PlayedSector;

/** One op that the stand-in plays: which phase's time it takes, and what it leaves and answers at the end of it. */
export interface PlayedOp {
  /** Undefined: it takes no time of its own; the profile's phases include it. */
  readonly phase: PlayedPhase | undefined;
  /** Whether it is finished already, so that it takes no time. */
  isDone?(params: unknown, at: SectorsAt): Promise<boolean>;
  /** What is refused before any time passes. */
  begin?(params: unknown, at: SectorsAt): Promise<void>;
  end(params: unknown, at: SectorsAt): Promise<Readonly<Record<string, unknown>>>;
}

const addPiece: PlayedOp = {
  phase: 'add-piece',
  async end(params, at) {
    const { sector, pieces } = onSector
      .extend({ pieces: z.array(z.object({ padded_size: z.number().optional(), comm_p: hex32.optional() })) })
      .parse(params);
    const known = pieces.map((piece) => pieceParam.parse(piece));
    await at(sector.dir).writeUnsealed();
    return {
      comm_d: commDOf(known, sizeOf(sector.proof)),
      pieces: known.map((piece) => ({ ...piece, offset: 0, size: 0, zero: false })),
      unsealed: { path: join(sector.dir, 'unsealed'), size: 0 },
    };
  },
};

const withPieces = withTicket.extend({ pieces: z.array(pieceParam) });

/** Finished labels are used again: to restore a replica takes no time worth playing. */
async function hasLabels(params: unknown, at: SectorsAt): Promise<boolean> {
  const { sector, ticket } = withTicket.parse(params);
  return (await at(sector.dir).key())?.ticket === ticket;
}

const preCommit1: PlayedOp = {
  phase: 'precommit1',
  isDone: hasLabels,
  async end(params, at) {
    const { sector, ticket, pieces } = withPieces.parse(params);
    const folder = at(sector.dir);
    const reused = await hasLabels(params, at);
    if (!reused) await folder.wipe();
    await folder.writeLabels({ ticket, pieces });
    const layers = sizeOf(sector.proof) >= 2 ** 30 ? 11 : 2;
    return { comm_d: commDOf(pieces, sizeOf(sector.proof)), layers, reused_layers: reused ? layers : 0 };
  },
};

const preCommit2: PlayedOp = {
  phase: 'precommit2',
  async begin(params, at) {
    const { sector } = withTicket.parse(params);
    const folder = at(sector.dir);
    if (await folder.isFresh()) {
      await folder.touch();
      return;
    }
    const replica = await folder.replica();
    const state = replica ? 'sealed' : (await folder.key()) ? 'touched' : 'missing';
    throw new PlayedError('replica_not_fresh', 'PC1 has not just restored the replica', {
      state,
      ...replica,
    });
  },
  async end(params, at) {
    const { sector, ticket } = withTicket.parse(params);
    const folder = at(sector.dir);
    const pieces = (await folder.key())?.pieces ?? [];
    const commitments = {
      comm_r: standInCommR(sector, ticket),
      comm_d: commDOf(pieces, sizeOf(sector.proof)),
    };
    await folder.writeReplica(commitments);
    return { ...commitments, synthetic: sealProofById(sector.proof)?.variant === 'synthetic' };
  },
};

async function requireReplica(dir: string, at: SectorsAt): Promise<void> {
  if (!(await at(dir).replica())) {
    throw new PlayedError('not_sealed', 'the sector has no finished pre-commit 2');
  }
}

const syntheticProofs: PlayedOp = {
  phase: undefined,
  async end(params, at) {
    await requireReplica(onSector.parse(params).sector.dir, at);
    return { size: 0 };
  },
};

const check: PlayedOp = {
  phase: undefined,
  async end(params, at) {
    const { sector, seeds } = onSector.extend({ seeds: z.number().default(8) }).parse(params);
    await requireReplica(sector.dir, at);
    return { seeds, challenges: 0 };
  },
};

const c1File = z.object({
  miner: z.number(),
  number: z.number(),
  proofType: z.number(),
  commR: hex32,
  commD: hex32,
  ticket: hex32,
  seed: hex32,
});

const commit1: PlayedOp = {
  phase: 'commit1',
  async end(params, at) {
    const { sector, ...facts } = withTicket
      .extend({ seed: hex32, comm_r: hex32, comm_d: hex32 })
      .parse(params);
    await requireReplica(sector.dir, at);
    const claim = {
      miner: sector.miner,
      number: sector.number,
      proofType: sector.proof,
      commR: facts.comm_r,
      commD: facts.comm_d,
      ticket: facts.ticket,
      seed: facts.seed,
    };
    const text = `${JSON.stringify({ standIn: STAND_IN_MARK, ...claim })}\n`;
    const path = join(sector.dir, 'c1.json');
    await writeFile(`${path}.tmp`, text);
    await rename(`${path}.tmp`, path);
    return { c1: { path, size: Buffer.byteLength(text), sha256: sha256(text) } };
  },
};

const commit2: PlayedOp = {
  phase: 'commit2',
  async end(params) {
    const { c1 } = z.object({ c1: z.object({ path: z.string(), sha256: hex32 }) }).parse(params);
    const text = await readFile(c1.path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      throw new PlayedError('file_missing', error.message, { path: c1.path });
    });
    if (sha256(text) !== c1.sha256) throw new PlayedError('digest_mismatch', c1.path);
    const claim = c1File.safeParse(JSON.parse(text));
    if (!claim.success) throw new PlayedError('cache_corrupt', `${c1.path} is no C1 output of a stand-in`);
    return { proof: Buffer.from(standInProof(claim.data)).toString('hex'), c1_sha256: c1.sha256 };
  },
};

const clearCache: PlayedOp = {
  phase: undefined,
  async end(params, at) {
    await requireReplica(onSector.parse(params).sector.dir, at);
    return { freed: 0 };
  },
};

const unseal: PlayedOp = {
  phase: 'precommit1',
  async end(params) {
    const { out } = z.object({ out: z.string() }).parse(params);
    const text = `${STAND_IN_MARK} stands for unsealed data\n`;
    await writeFile(`${out}.tmp`, text);
    await rename(`${out}.tmp`, out);
    return { path: out, size: (await stat(out)).size, sha256: sha256(text) };
  },
};

/** The stand-in knows its own, and nothing else. */
const verifySeal: PlayedOp = {
  phase: undefined,
  async end(params) {
    const claim = z
      .object({
        ...{ miner: z.number(), number: z.number(), proof_type: z.number() },
        ...{ comm_r: hex32, comm_d: hex32, ticket: hex32, seed: hex32, proof: z.string() },
      })
      .parse(params);
    const { proof_type: proofType, comm_r: commR, comm_d: commD, proof, ...rest } = claim;
    const own = Buffer.from(standInProof({ ...rest, proofType, commR, commD })).toString('hex');
    return { valid: proof === own };
  },
};

/** It has nothing that could be broken. */
const selfTest: PlayedOp = {
  phase: undefined,
  async end() {
    return { ok: true, comm_r: '00'.repeat(32) };
  },
};

/** What is played. Everything else is refused: a stand-in has no other ops. */
export const PLAYED_OPS: Readonly<Partial<Record<OpName, PlayedOp>>> = {
  'add-piece': addPiece,
  'pre-commit-1': preCommit1,
  'pre-commit-2': preCommit2,
  'synthetic-proofs': syntheticProofs,
  check,
  'commit-1': commit1,
  'commit-2': commit2,
  'clear-cache': clearCache,
  unseal,
  'verify-seal': verifySeal,
  'self-test': selfTest,
};

/** Pure questions: answered at once, never journalled. */
export const PLAYED_QUERIES: ReadonlySet<string> = new Set(['verify-seal']);

function sizeOf(proof: number): number {
  const size = sealProofById(proof)?.bytes;
  if (size === undefined) throw new PlayedError('bad_request', `seal proof ${proof} is unknown`);
  return size;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
