import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { BitField } from '#codec';
import { compactPartitions } from '../../../src/devnet/actors/miner/compact.ts';
import { disputeWindowedPoSt } from '../../../src/devnet/actors/miner/dispute.ts';
import { declareFaults, declareFaultsRecovered } from '../../../src/devnet/actors/miner/faults.ts';
import { activeSectors, liveSectors, unionOf } from '../../../src/devnet/actors/miner/partitions.ts';
import { powerOf } from '../../../src/devnet/actors/miner/power.ts';
import { terminateSectors } from '../../../src/devnet/actors/miner/terminate.ts';
import { bits, call, ProvingChain } from './proving-chain.ts';

const deadline = fc.nat(5);
const sector = fc.nat(13);
const wrong = { proofs: [{ postProof: 10, proofBytes: new Uint8Array(192) }] };

/** Anything that may befall a miner; what is refused changes nothing. */
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), epochs: fc.integer({ min: 1, max: 25 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('prove' as const),
      skipped: fc.subarray([0, 1, 2, 3, 4, 5]),
      partition: fc.nat(1),
      honest: fc.boolean(),
    }),
  },
  fc.record({
    kind: fc.constantFrom('fault' as const, 'recover' as const, 'terminate' as const),
    number: sector,
  }),
  fc.record({ kind: fc.constantFrom('dispute' as const, 'compact' as const), deadline, index: fc.nat(1) }),
);

async function take(chain: ProvingChain, move: typeof step extends fc.Arbitrary<infer S> ? S : never) {
  switch (move.kind) {
    case 'wait':
      return chain.to(chain.epoch + move.epochs);
    case 'prove': {
      const partition = chain.miner.deadlines[chain.current.index]?.partitions[move.partition];
      const skipped = partition?.sectors.intersect(bits(...move.skipped)) ?? bits();
      return chain.post([{ index: move.partition, skipped }], move.honest ? {} : wrong);
    }
    case 'dispute':
      return chain.run((runtime) =>
        disputeWindowedPoSt(runtime, call({ caller: 101 }), {
          deadline: move.deadline,
          postIndex: move.index,
        }),
      );
    case 'compact':
      return chain.run((runtime) =>
        compactPartitions(runtime, call(), { deadline: move.deadline, partitions: bits(move.index) }),
      );
    default: {
      const all = [{ ...placeOf(chain, move.number), sectors: bits(move.number) }];
      return chain.run((runtime) => {
        if (move.kind === 'fault') return declareFaults(runtime, call(), { faults: all });
        if (move.kind === 'recover') return declareFaultsRecovered(runtime, call(), { recoveries: all });
        return terminateSectors(runtime, call(), { terminations: all });
      });
    }
  }
}

function placeOf(chain: ProvingChain, number: number): { deadline: number; partition: number } {
  for (const [index, { partitions }] of chain.miner.deadlines.entries())
    for (const [partition, { sectors }] of partitions.entries())
      if (sectors.has(number)) return { deadline: index, partition };
  return { deadline: 0, partition: 0 };
}

function expectSound(chain: ProvingChain): void {
  const { miner } = chain;
  const partitions = miner.deadlines.flatMap((each) => each.partitions);
  const active = unionOf(partitions.map(activeSectors));
  const live = unionOf(partitions.map(liveSectors));
  expect(miner.power).toEqual(powerOf(2048, miner.sectors, active));
  expect(miner.initialPledge).toBe(BigInt(live.size));
  for (const each of miner.deadlines) {
    const sum = (of: (field: (typeof each.partitions)[number]) => BitField) =>
      each.partitions.reduce((count, partition) => count + of(partition).size, 0);
    expect(each.liveSectors).toBe(sum(liveSectors));
    expect(each.totalSectors).toBe(sum(({ sectors }) => sectors));
  }
  for (const partition of partitions) {
    const { sectors, faults, recoveries, unproven, terminated, earlyExpirations } = partition;
    const early = unionOf([...earlyExpirations.values()]);
    const strays = [
      faults.subtract(sectors),
      recoveries.subtract(faults),
      unproven.subtract(sectors),
      terminated.subtract(sectors),
      faults.intersect(terminated),
      unproven.intersect(faults),
      unproven.intersect(terminated),
      early.subtract(faults),
    ];
    expect(strays.map(({ size }) => size)).toEqual(strays.map(() => 0));
  }
  const balance = chain.runtime.actor(1000).balance;
  expect(balance).toBeGreaterThanOrEqual(miner.initialPledge);
}

it('whatever befalls a miner, its power is that of its active sectors and its books agree', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (moves) => {
      const chain = new ProvingChain({ expirations: { 3: 90, 8: 150 }, unproven: [1, 5, 8, 9, 12] });
      const money = () =>
        [...chain.runtime.state.actors.values()].reduce((sum, { balance }) => sum + balance, 0n);
      const before = money();
      for (const move of moves) {
        await take(chain, move);
        expectSound(chain);
      }
      expect(money()).toBe(before);
    }),
    { numRuns: 60 },
  );
});
