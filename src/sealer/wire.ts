import { z } from 'zod';
import { SEALER_PROGRAMS } from './stand-in.ts';

/**
 * The lines that `beepro-sealer` sends; `docs/sealer-protocol.md` is the contract. Unknown fields are ignored, so
 * that a newer sealer may say more.
 */
export const PROTOCOL_VERSION = 1;

/** Bytes; a longer line is no answer of a sealer. */
export const MAX_LINE = 16 * 1024 * 1024;

export const helloLine = z.object({
  event: z.literal('hello'),
  protocol: z.number(),
  program: z.enum(SEALER_PROGRAMS),
  /** Given by a program that only plays the sealer's part. */
  stand_in: z.literal('replay').optional(),
  version: z.string(),
  pid: z.number().int(),
  start_time: z.number().int(),
  boot_id: z.string(),
  instance: z.string(),
});
export type Hello = z.infer<typeof helloLine>;

const ms = z.number().nonnegative();

export const acceptedLine = z.object({ id: z.string(), event: z.literal('accepted'), started_at: ms });

export const progressLine = z.object({
  id: z.string(),
  event: z.literal('progress'),
  phase: z.string(),
  step: z.string(),
  elapsed_ms: ms,
  fraction: z.number().min(0).max(1).optional(),
  done: z.number().optional(),
  total: z.number().optional(),
});
/** How far a run is. `fraction` is of the step; `elapsed_ms` of the run. */
export type Progress = Omit<z.infer<typeof progressLine>, 'id' | 'event'>;

export const resultLine = z.object({
  id: z.string(),
  event: z.literal('result'),
  result: z.unknown(),
  started_at: ms.optional(),
  elapsed_ms: ms.optional(),
  replayed: z.boolean().default(false),
  warnings: z.array(z.string()).default([]),
});

export const errorLine = z.object({
  id: z.string().nullable(),
  event: z.literal('error'),
  error: z.object({
    code: z.string(),
    message: z.string(),
    data: z.record(z.string(), z.unknown()).optional(),
  }),
  elapsed_ms: ms.optional(),
  replayed: z.boolean().default(false),
});

export const answerLine = z.discriminatedUnion('event', [acceptedLine, progressLine, resultLine, errorLine]);
export type AnswerLine = z.infer<typeof answerLine>;

/** What `--daemonize` prints. */
export const daemonLine = z.union([
  z.object({
    pid: z.number().int(),
    start_time: z.number().int(),
    boot_id: z.string(),
    socket: z.string(),
    instance: z.string(),
  }),
  z.object({ error: z.object({ code: z.string(), message: z.string() }) }),
]);
