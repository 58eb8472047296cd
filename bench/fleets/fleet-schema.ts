import { z } from 'zod';

/** A fleet for the simulation: which machines, how they are set up, and what the chain makes sectors wait for. */

const count = z.number().int().min(0);

const limits = z.strictObject({
  'add-piece': count.default(0),
  precommit1: count.default(0),
  precommit2: count.default(0),
  commit1: count.default(0),
  commit2: count.default(0),
  landing: count.default(0),
  'clear-cache': count.default(0),
});

const machineClass = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9-]+$/),
    count: z.number().int().min(1),
    /** A file of `profiles/`, without its ending. */
    profile: z.string(),
    limits,
    /** Sectors that may hold workspace at a time. */
    maxSectors: count,
    /** Slots of each device (`worker.devices`). */
    devices: z.array(z.strictObject({ slots: z.number().int().min(1) })).default([]),
    acceptsOutsideC2: z.boolean().default(false),
    /** Where its sectors' C2 goes: as the setting `c2.outsource`. */
    outsourceC2: z.enum(['off', 'overflow', 'always']).default('off'),
    /** Logical cores and physical memory, for admission and for Lotus' resource table. */
    threads: z.number().int().min(1),
    memoryGiB: z.number().positive(),
    /** What a run of a phase is counted with, in GiB, where it is not the default (`worker.memory.<phase>`). */
    memoryNeedsGiB: z
      .strictObject({ precommit2: z.number().optional(), commit2: z.number().optional() })
      .default({}),
    gpus: count,
  })
  .refine(
    (given) => given.outsourceC2 === 'always' || given.limits.precommit1 === 0 || given.limits.commit2 > 0,
    {
      message: 'sealing without C2 of its own needs outsourceC2: always',
    },
  );

export const fleetSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]+$/),
  title: z.string(),
  /** What of the bound is to be reached without failures, and with. */
  target: z.strictObject({ steady: z.number(), failing: z.number() }),
  days: z.number().positive().default(10),
  /** What happens before is not counted. */
  countFromDay: z.number().min(0).default(2),
  /** The fleet is simulated so often, each time with another seed; figures are means. */
  replicas: z.number().int().min(1).default(1),
  chain: z
    .strictObject({
      epochS: z.number().positive().default(30),
      /** Epochs between a pre-commit's inclusion and its seed. */
      waitSeed: count.default(150),
      /** Epochs after the seed's before it is read (`chain.confidence.seed`). */
      seedConfidence: count.default(6),
      /** Epochs from a message's push to its tipset. */
      inclusion: count.default(1),
      preCommitBatchWaitS: z.number().min(0).default(600),
      preCommitBatchMax: z.number().int().min(1).default(256),
      commitBatchWaitS: z.number().min(0).default(600),
      commitBatchMax: z.number().int().min(1).default(33),
      /** How often the coordinator looks at the chain and its rows. */
      lookS: z.number().positive().default(5),
    })
    .prefault({}),
  /** How hosts fail in the runs with failures: on average every `mtbfHours`, for `mttrHours`, both exponential. */
  failures: z.strictObject({ mtbfHours: z.number().positive(), mttrHours: z.number().positive() }),
  classes: z.array(machineClass).min(1),
});

export type Fleet = z.infer<typeof fleetSchema>;
export type MachineClass = Fleet['classes'][number];

/** @throws ZodError what does not fit, with its path */
export function parseFleet(json: unknown): Fleet {
  return fleetSchema.parse(json);
}
