import { setTimeout as sleep } from 'node:timers/promises';
import { isBeeproError } from '#core';
import type { Faults } from '#devnet';
import { waitFor } from '#testing';
import type { Random } from './random.ts';
import type { UnderFire } from './sealing-under-fire.ts';

export const NODES = 3;
/** Strikes fall within this time from the pledge, in ms: about as long as the sectors take when nothing is wrong. */
const WINDOW_MS = 10_000;
const WINDOW_MS_PER_SECTOR = 1_750;
/** With every node down nobody can be told; each heals by itself before that. */
const REACHED_WITHIN_MS = 30_000;

/** One node at a moment of a run, and what is wrong with it for how long. */
export interface Strike {
  readonly afterMs: number;
  readonly node: number;
  readonly fault: Partial<Faults>;
  readonly forMs: number;
}

/** What a node can do to its callers, each drawn anew. */
const KINDS: readonly ((random: Random) => Partial<Faults>)[] = [
  () => ({ down: true }),
  () => ({ stall: true }),
  (random) => ({ lag: random.between(3, 40) }),
  (random) =>
    random.pick<Partial<Faults>>([
      { lie: { networkName: 'mainnet' } },
      { lie: { otherGenesis: true } },
      { lie: { networkVersion: 27 } },
      { lie: { headAhead: random.between(5, 2_000) } },
    ]),
  (random) => ({ dieAfter: random.pick(['MpoolPush', 'GasEstimateMessageGas', 'WalletSign', '*']) }),
];
const BESIDES: readonly ((random: Random) => Partial<Faults>)[] = [
  (random) => ({ slowMs: random.between(50, 3_000) }),
  (random) => ({ errorShare: random.between(1, 9) / 10 }),
  (random) => ({ callsPerSecond: random.between(0, 20) }),
  () => ({ partitioned: true }),
];

/** Every kind on every node once, and a few other things beside, at random moments; by the seed alone. */
export function drawStrikes(random: Random, sectors: number): readonly Strike[] {
  const windowMs = WINDOW_MS + WINDOW_MS_PER_SECTOR * sectors;
  const all = Array.from({ length: NODES }, (_, node) =>
    KINDS.map((kind) => ({ node, fault: kind(random) })),
  );
  const beside = Array.from({ length: random.between(2, 5) }, () => ({
    node: random.between(0, NODES - 1),
    fault: random.pick(BESIDES)(random),
  }));
  return [...all.flat(), ...beside]
    .map((strike) => ({
      ...strike,
      afterMs: random.between(0, windowMs),
      forMs: random.between(1_000, 7_000),
    }))
    .toSorted((a, b) => a.afterMs - b.afterMs);
}

export function describeStrike({ afterMs, node, fault, forMs }: Strike): string {
  return `${(afterMs / 1000).toFixed(1)} s: node ${node} ${JSON.stringify(fault)} for ${(forMs / 1000).toFixed(1)} s`;
}

export async function carryOutStrikes(
  strikes: readonly Strike[],
  fire: UnderFire,
  say: (text: string) => void,
): Promise<void> {
  const start = performance.now();
  for (const strike of strikes) {
    await sleep(Math.max(0, strike.afterMs - (performance.now() - start)));
    say(`  ${describeStrike(strike)}`);
    await strikeNode(fire, strike);
  }
}

/** Tells the chain through whichever node can be reached. */
export async function strikeNode(
  fire: UnderFire,
  { node, fault, forMs }: Omit<Strike, 'afterMs'>,
): Promise<void> {
  const told = (): Promise<boolean> =>
    fire.installation.chainControl.fault(node, fault, forMs).then(
      () => true,
      (error: unknown) => {
        if (isBeeproError(error, 'CHAIN_UNREACHABLE')) return false;
        throw error;
      },
    );
  await waitFor(told, { deadlineMs: REACHED_WITHIN_MS, what: 'a node of the chain that can be reached' });
}
