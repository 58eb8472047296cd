import { z } from 'zod';
import type { Settings } from '#config';
import type { ActorId, AttoFil } from '#core';
import { type Executor, listMiners, listPledgeDecisions, readServerTime } from '#db';

const amount = z
  .string()
  .regex(/^-?\d+$/)
  .transform(BigInt)
  .optional();
const FACTS = z.object({
  inFlight: z.number().optional(),
  parked: z.number().optional(),
  ceiling: z.number().optional(),
  unbegun: z.number().optional(),
  wanted: z.number().optional(),
  hosts: z.number().optional(),
  sectorCost: amount,
  available: amount,
  wallet: z.string().optional(),
  walletBalance: amount,
  owed: amount,
  free: amount,
  floor: amount,
});

/** What the last decision was taken from; what was not looked at is absent. */
export type PledgingFacts = { readonly [K in keyof z.output<typeof FACTS>]: z.output<typeof FACTS>[K] };

/** Automatic pledging for one miner, as it is set and as it last decided. */
export interface PledgingState {
  readonly miner: ActorId;
  readonly enabled: boolean;
  /** Where that is set: a scope, or `default`. */
  readonly from: string;
  readonly maxInFlight: number;
  readonly maxParked: number;
  readonly floor: AttoFil;
  /** Undefined: no coordinator has decided yet. */
  readonly decision?: {
    readonly at: Date;
    readonly ageMs: number;
    readonly pledged: number;
    readonly reason: string;
    readonly lastPledgedAt: Date | null;
    readonly facts: PledgingFacts;
  };
}

/** Automatic pledging for each miner, or for one. */
export async function readPledging(
  executor: Executor,
  settings: Pick<Settings, 'get' | 'explain'>,
  only?: ActorId,
): Promise<PledgingState[]> {
  const [miners, decisions, now] = await Promise.all([
    listMiners(executor),
    listPledgeDecisions(executor),
    readServerTime(executor),
  ]);
  const wanted = miners.filter(({ id }) => only === undefined || id === only);
  return wanted.map(({ id: miner }) => {
    const { value: enabled, from } = settings.explain('pledge.auto', { miner });
    const row = decisions.find((decision) => decision.miner === miner);
    const facts = FACTS.safeParse(row?.facts);
    return {
      miner,
      enabled,
      from,
      maxInFlight: settings.get('pledge.max_in_flight', { miner }),
      maxParked: settings.get('pledge.max_parked', { miner }),
      floor: settings.get('pledge.balance_floor', { miner }),
      ...(row
        ? {
            decision: {
              at: row.decided_at,
              ageMs: Math.max(0, now.getTime() - row.decided_at.getTime()),
              pledged: row.pledged,
              reason: row.reason,
              lastPledgedAt: row.pledged_at,
              facts: facts.success ? facts.data : {},
            },
          }
        : {}),
    };
  });
}
