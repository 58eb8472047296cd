import { z } from 'zod';
import { LOTUS_METHODS } from '#chain';

const methodName = z.string().refine((name) => name === '*' || Object.hasOwn(LOTUS_METHODS, name), {
  error: 'it is a method of Lotus without “Filecoin.”, or * for any',
});

/** What a node says that is not so. */
export const liesSchema = z.strictObject({
  /** In the place of the network's name. */
  networkName: z.string().min(1).optional(),
  /** The genesis of another chain. */
  otherGenesis: z.boolean().optional(),
  networkVersion: z.int().min(0).optional(),
  /** A head that nobody made, so many epochs above its own. */
  headAhead: z.int().min(1).max(1_000_000).optional(),
});
export type Lies = z.output<typeof liesSchema>;

/** What is wrong with one node. Each is independent of the others. */
export const faultsSchema = z.strictObject({
  /** Takes every call and never answers. */
  stall: z.boolean(),
  /** Waits before each answer, in ms. */
  slowMs: z.int().min(0).max(600_000),
  /** Its head is kept so many epochs behind the chain's. */
  lag: z.int().min(0).max(10_000),
  lie: liesSchema,
  /** Refuses connections; those that are open are cut. */
  down: z.boolean(),
  /** Executes the next call of this method, cuts the wire in the place of an answer, and is down. */
  dieAfter: methodName.nullable(),
  /** The share of calls that are answered by HTTP 503; over a WebSocket, by its end. */
  errorShare: z.number().min(0).max(1),
  /** Calls a second; more are answered by HTTP 429. */
  callsPerSecond: z.number().min(0).nullable(),
  /** No message comes to it from others, or to others from it. */
  partitioned: z.boolean(),
});
export type Faults = z.output<typeof faultsSchema>;

export const NO_FAULTS: Faults = {
  stall: false,
  slowMs: 0,
  lag: 0,
  lie: {},
  down: false,
  dieAfter: null,
  errorShare: 0,
  callsPerSecond: null,
  partitioned: false,
};
