import { z } from 'zod';
import type { ActorId, Bytes, SectorNumber } from '#core';

/**
 * The operations of `beepro-sealer` with their parameters and results, as `docs/sealer-protocol.md` has them:
 * commitments, tickets, seeds and proofs are lower-case hex; sizes are bytes; paths are absolute.
 */
const hex = z.string().regex(/^([0-9a-f]{2})*$/);
const commitment = z.string().regex(/^[0-9a-f]{64}$/);
const size = z.number().int().nonnegative();
const file = z.object({ path: z.string(), size, sha256: commitment });
const valid = z.object({ valid: z.boolean() });
const proof = z.object({ proof: hex });

/** A sector and the directory on this machine that holds its files. */
export interface SealerSector {
  readonly miner: ActorId;
  readonly number: SectorNumber;
  /** Registered seal proof. */
  readonly proof: number;
  readonly dir: string;
}

/** A piece's place in a sector; each lies at the next multiple of its own padded size. */
export interface SealerPiece {
  readonly padded_size: Bytes;
  readonly comm_p: string;
}

export interface PostSector {
  readonly number: SectorNumber;
  readonly comm_r: string;
  readonly cache: string;
  readonly sealed: string;
}

interface FileName {
  readonly path: string;
  readonly sha256: string;
}

interface PostParams {
  readonly miner: ActorId;
  readonly post_proof: number;
  readonly randomness: string;
}

export interface OpParams {
  version: Record<string, never>;
  capabilities: Record<string, never>;
  params: { readonly digests?: boolean };
  list: Record<string, never>;
  forget: { readonly id: string };
  shutdown: { readonly when?: 'idle' | 'now' };

  'piece-commitment': {
    readonly path: string;
    readonly offset?: Bytes;
    readonly size?: Bytes;
    readonly padded_size?: Bytes;
  };
  'add-piece': {
    readonly sector: SealerSector;
    readonly pieces: readonly {
      readonly path: string;
      readonly offset?: Bytes;
      readonly size?: Bytes;
      readonly padded_size?: Bytes;
      readonly comm_p?: string;
    }[];
  };
  'pre-commit-1': {
    readonly sector: SealerSector;
    readonly ticket: string;
    readonly pieces: readonly SealerPiece[];
  };
  'pre-commit-2': { readonly sector: SealerSector; readonly ticket: string };
  'synthetic-proofs': { readonly sector: SealerSector; readonly ticket: string };
  check: {
    readonly sector: SealerSector;
    readonly ticket: string;
    readonly comm_r: string;
    readonly seeds?: number;
  };
  'commit-1': {
    readonly sector: SealerSector;
    readonly ticket: string;
    readonly seed: string;
    readonly comm_r: string;
    readonly comm_d: string;
  };
  'commit-2': { readonly miner: ActorId; readonly number: SectorNumber; readonly c1: FileName };
  'clear-cache': { readonly sector: SealerSector; readonly synthetic_proofs?: boolean };
  unseal: {
    readonly miner: ActorId;
    readonly number: SectorNumber;
    readonly proof: number;
    readonly sealed: string;
    readonly ticket: string;
    readonly comm_d: string;
    readonly offset?: Bytes;
    readonly size?: Bytes;
    readonly comm_p?: string;
    readonly padded_size?: Bytes;
    readonly out: string;
    readonly scratch: string;
  };

  'verify-seal': {
    readonly miner: ActorId;
    readonly number: SectorNumber;
    readonly proof_type: number;
    readonly comm_r: string;
    readonly comm_d: string;
    readonly ticket: string;
    readonly seed: string;
    readonly proof: string;
  };
  'verify-aggregate': {
    readonly miner: ActorId;
    readonly proof_type: number;
    readonly aggregation: number;
    readonly sectors: readonly {
      readonly number: SectorNumber;
      readonly comm_r: string;
      readonly comm_d: string;
      readonly ticket: string;
      readonly seed: string;
    }[];
    readonly proof: string;
  };
  'verify-window-post': PostParams & {
    readonly sectors: readonly { readonly number: SectorNumber; readonly comm_r: string }[];
    readonly proof: string;
  };
  'verify-winning-post': PostParams & {
    readonly sectors: readonly { readonly number: SectorNumber; readonly comm_r: string }[];
    readonly proof: string;
  };
  'winning-post-challenge': PostParams & { readonly sector_count: number };
  'post-challenges': PostParams & { readonly sectors: readonly SectorNumber[] };
  'post-partitions': { readonly post_proof: number; readonly sector_count: number };
  'post-vanilla': PostParams & {
    readonly sectors: readonly PostSector[];
    readonly number: SectorNumber;
    readonly out: string;
  };
  'post-read': PostParams & { readonly sectors: readonly PostSector[] };
  'window-post': PostParams & { readonly sectors: readonly PostSector[] };
  'winning-post': PostParams & { readonly sectors: readonly PostSector[] };
  'window-post-from-vanilla': PostParams & { readonly vanilla: readonly FileName[] };
  'winning-post-from-vanilla': PostParams & { readonly vanilla: readonly FileName[] };
  'window-post-partition': PostParams & {
    readonly partition: number;
    readonly vanilla: readonly FileName[];
  };
  'window-post-merge': { readonly post_proof: number; readonly partition_proofs: readonly string[] };
  aggregate: {
    readonly proof_type: number;
    readonly aggregation: number;
    readonly sectors: readonly { readonly comm_r: string; readonly seed: string; readonly proof: string }[];
  };
  bench: { readonly proof: number; readonly dir: string; readonly phases?: readonly string[] };
  'self-test': { readonly dir: string };
}

export type OpName = keyof OpParams;

const gpu = z.object({ name: z.string(), memory_bytes: size.optional(), uuid: z.string().optional() });

export const OP_RESULTS = {
  version: z.object({ protocol: z.number(), version: z.string(), proofs_version: z.string() }),
  capabilities: z.object({
    version: z.string(),
    proofs_version: z.string(),
    features: z.array(z.string()),
    cpu: z.object({ model: z.string(), logical: z.number(), sha_extensions: z.boolean() }),
    memory_bytes: size,
    multicore_sdr: z.object({ built: z.boolean(), enabled: z.boolean() }),
    gpu: z.object({ built: z.boolean(), devices: z.array(gpu) }),
    parameter_cache: z.string(),
    parent_cache: z.string(),
    seal_proofs: z.array(z.number()),
    ops: z.array(z.string()),
    /** Of a program that only plays the sealer's part. */
    stand_in: z.literal('replay').optional(),
    /** The profile that it plays, and how much faster than life. */
    profile: z.string().optional(),
    speed: z.number().optional(),
  }),
  params: z.object({
    directory: z.string(),
    files: z.array(
      z.object({
        name: z.string(),
        size,
        kind: z.string(),
        /** As the folder's `beepro-params.json` records it; null when it says nothing of the file. */
        origin: z.enum(['generated', 'published']).nullable(),
        blake2b: z.string().optional(),
      }),
    ),
  }),
  list: z.object({
    runs: z.array(
      z.object({
        id: z.string(),
        op: z.string(),
        state: z.enum(['running', 'done', 'failed', 'interrupted']),
      }),
    ),
    epoch: z.number(),
  }),
  forget: z.object({ forgotten: z.boolean() }),
  shutdown: z.object({ stopping: z.boolean() }),

  'piece-commitment': z.object({ comm_p: commitment, padded_size: size, size }),
  'add-piece': z.object({
    comm_d: commitment,
    pieces: z.array(
      z.object({ padded_size: size, comm_p: commitment, offset: size, size, zero: z.boolean() }),
    ),
  }),
  'pre-commit-1': z.object({ comm_d: commitment, layers: z.number(), reused_layers: z.number() }),
  'pre-commit-2': z.object({ comm_r: commitment, comm_d: commitment, synthetic: z.boolean() }),
  'synthetic-proofs': z.object({ size }),
  check: z.object({ seeds: z.number(), challenges: z.number() }),
  'commit-1': z.object({ c1: file }),
  'commit-2': z.object({ proof: hex, c1_sha256: commitment }),
  'clear-cache': z.object({ freed: size }),
  unseal: file,

  'verify-seal': valid,
  'verify-aggregate': valid,
  'verify-window-post': valid,
  'verify-winning-post': valid,
  'winning-post-challenge': z.object({ indices: z.array(z.number()) }),
  'post-challenges': z.object({
    challenges: z.array(z.object({ number: z.number(), challenges: z.array(z.number()) })),
  }),
  'post-partitions': z.object({ partitions: z.number(), sectors_per_partition: z.number() }),
  'post-vanilla': z.object({ vanilla: file }),
  'post-read': z.object({
    good: z.array(z.number()),
    faulty: z.array(z.object({ number: z.number(), code: z.string(), message: z.string() })),
  }),
  'window-post': z.object({ proof: hex, partitions: z.number() }),
  'winning-post': proof,
  'window-post-from-vanilla': proof,
  'winning-post-from-vanilla': proof,
  'window-post-partition': z.object({ partition_proof: hex }),
  'window-post-merge': proof,
  aggregate: proof,
  bench: z.object({
    sector_size: size,
    phases: z.array(
      z.object({ phase: z.string(), wall_ms: z.number(), cpu_ms: z.number(), peak_rss_bytes: size }),
    ),
  }),
  'self-test': z.object({ ok: z.boolean(), comm_r: commitment }),
} as const satisfies Record<OpName, z.ZodType>;

export type OpResult<O extends OpName> = z.infer<(typeof OP_RESULTS)[O]>;
