import { describe, expect, it } from 'vitest';
import type { ExpirationExtension2, SectorDeclaration } from '#codec';
import { DEFAULT_ECONOMY } from '../../../src/devnet/actors/economy.ts';
import { compactPartitions } from '../../../src/devnet/actors/miner/compact.ts';
import { extendSectorExpiration2 } from '../../../src/devnet/actors/miner/extend.ts';
import { declareFaults, declareFaultsRecovered } from '../../../src/devnet/actors/miner/faults.ts';
import { terminateSectors } from '../../../src/devnet/actors/miner/terminate.ts';
import { continuedFaultFee, terminationFee } from '../../../src/devnet/actors/penalties.ts';
import { bits, call, MINER_ID, ProvingChain, SHORT } from './proving-chain.ts';

const declaration = (deadline: number, partition: number, ...sectors: number[]): SectorDeclaration => ({
  deadline,
  partition,
  sectors: bits(...sectors),
});

const faults = (chain: ProvingChain, ...all: SectorDeclaration[]) =>
  chain.run((runtime) => declareFaults(runtime, call(), { faults: all }));
const recoveries = (chain: ProvingChain, ...all: SectorDeclaration[]) =>
  chain.run((runtime) => declareFaultsRecovered(runtime, call(), { recoveries: all }));
const terminate = (chain: ProvingChain, ...all: SectorDeclaration[]) =>
  chain.run((runtime) => terminateSectors(runtime, call(), { terminations: all }));
const compact = (chain: ProvingChain, deadline: number, ...partitions: number[]) =>
  chain.run((runtime) => compactPartitions(runtime, call(), { deadline, partitions: bits(...partitions) }));
const extend = (chain: ProvingChain, change: Partial<ExpirationExtension2> = {}) =>
  chain.run((runtime) =>
    extendSectorExpiration2(runtime, call(), {
      extensions: [
        {
          deadline: 2,
          partition: 0,
          sectors: bits(4),
          sectorsWithClaims: [],
          newExpiration: 2_100_000,
          ...change,
        },
      ],
    }),
  );

/** Sends what is due at the open deadline. */
async function prove(chain: ProvingChain): Promise<void> {
  const partitions = chain.miner.deadlines[chain.current.index]?.partitions ?? [];
  expect(await chain.post(partitions.map((_, index) => ({ index })))).toBe('accepted');
}

describe('declarations', () => {
  it.each<readonly [string, SectorDeclaration[], string]>([
    [
      'no such deadline',
      [declaration(6, 0, 4)],
      '16: failed to process deadline 6, partition 0: invalid deadline 6',
    ],
    [
      'too many sectors',
      [
        {
          deadline: 2,
          partition: 0,
          sectors: bits(...Array.from({ length: 25_001 }, (_, number) => number)),
        },
      ],
      '16: cannot process requested parameters: too many sectors 25001, max 25000',
    ],
  ])('are refused with %s', async (_what, declared, words) => {
    const chain = new ProvingChain();
    for (const method of [faults, recoveries, terminate])
      expect(await method(chain, ...declared)).toBe(words);
  });

  it('are refused for too many partitions', async () => {
    const chain = new ProvingChain({ policy: { ...SHORT, addressedPartitionsMax: 1 } });
    expect(await faults(chain, declaration(2, 0, 4), declaration(2, 1, 4))).toBe(
      '16: cannot process requested parameters: too many partitions 2, max 1',
    );
  });

  it.each([
    ['fault', faults, 'declare faults', 'declare faults in partition 0'],
    ['recovery', recoveries, 'declare recoveries', 'add recoveries'],
  ] as const)('of a %s name what is there', async (_kind, method, what, inner) => {
    const chain = new ProvingChain();
    expect(await method(chain, declaration(2, 1, 4))).toBe(
      `17: failed to ${what} for deadline 2: no such partition 1`,
    );
    expect(await method(chain, declaration(2, 0, 4, 6))).toBe(
      `16: failed to ${what} for deadline 2: failed to ${inner}: failed fault declaration: not all sectors are assigned to the partition`,
    );
  });

  it.each([
    ['fault', faults],
    ['recovery', recoveries],
  ] as const)('of a %s are late from the cutoff on', async (kind, method) => {
    const chain = new ProvingChain();
    const { faultCutoff } = chain.deadline(2);
    chain.to(faultCutoff - 1);
    expect(await method(chain, declaration(2, 0, 4))).toBe('accepted');
    chain.to(faultCutoff);
    expect(await method(chain, declaration(2, 0, 4))).toBe(
      `16: failed ${kind} declaration at deadline 2: late fault or recovery declaration`,
    );
  });

  it.each([
    [
      'faults',
      (chain: ProvingChain) =>
        chain.run((runtime) => declareFaults(runtime, call({ caller: 101 }), { faults: [] })),
    ],
    [
      'recoveries',
      (chain: ProvingChain) =>
        chain.run((runtime) => declareFaultsRecovered(runtime, call({ caller: 101 }), { recoveries: [] })),
    ],
    [
      'terminations',
      (chain: ProvingChain) =>
        chain.run((runtime) => terminateSectors(runtime, call({ caller: 101 }), { terminations: [] })),
    ],
    [
      'extensions',
      (chain: ProvingChain) =>
        chain.run((runtime) => extendSectorExpiration2(runtime, call({ caller: 101 }), { extensions: [] })),
    ],
    [
      'compactions',
      (chain: ProvingChain) =>
        chain.run((runtime) =>
          compactPartitions(runtime, call({ caller: 101 }), { deadline: 2, partitions: bits() }),
        ),
    ],
  ] as const)('%s come from the miner’s own', async (_what, send) => {
    expect(await send(new ProvingChain())).toBe('18: caller f0101 is not one of supported');
  });
});

describe('a fault', () => {
  it('costs its power at once, and a fee at each end of its deadline', async () => {
    const chain = new ProvingChain();
    expect(await faults(chain, declaration(2, 0, 4))).toBe('accepted');
    expect(chain.miner.power.rawBytePower).toBe(13n * 2048n);
    for (const index of [0, 1, 2]) {
      chain.toDeadline(index);
      await prove(chain);
    }
    const { balance } = chain.runtime.actor(MINER_ID);
    chain.to(chain.current.close);
    const fee = continuedFaultFee(DEFAULT_ECONOMY, 2048n, 13n * 2048n);
    expect(balance - chain.runtime.actor(MINER_ID).balance).toBe(fee);
  });

  it('recovers by a declaration and a proof that is verified', async () => {
    const chain = new ProvingChain();
    await faults(chain, declaration(3, 0, 6));
    expect(await recoveries(chain, declaration(3, 0, 6, 7))).toBe('accepted');
    expect(chain.partition(3)).toMatchObject({ faults: bits(6), recoveries: bits(6) });
    for (const index of [0, 1, 2]) {
      chain.toDeadline(index);
      await prove(chain);
    }
    chain.toDeadline(3);
    const bad = { proofs: [{ postProof: 10, proofBytes: new Uint8Array(192) }] };
    expect(await chain.post([{ index: 0 }], bad)).toBe('16: invalid post was submitted');
    await prove(chain);
    expect(chain.partition(3)).toMatchObject({ faults: bits(), recoveries: bits() });
    expect(chain.miner.deadlines[3]?.posts).toEqual([]);
    expect(chain.miner.power.rawBytePower).toBe(14n * 2048n);
    expect([...chain.partition(3).earlyExpirations.values()]).toEqual([]);
  });

  it('whose recovery is not proven, or skipped, stays', async () => {
    const chain = new ProvingChain();
    await faults(chain, declaration(2, 0, 4), declaration(3, 0, 6));
    await recoveries(chain, declaration(2, 0, 4), declaration(3, 0, 6));
    chain.toDeadline(2);
    expect(await chain.post([{ index: 0, skipped: bits(4) }])).toBe('accepted');
    expect(chain.partition(2)).toMatchObject({ faults: bits(4), recoveries: bits() });
    chain.to(chain.deadline(3).close);
    expect(chain.partition(3)).toMatchObject({ faults: bits(6, 7), recoveries: bits() });
  });

  it('cannot recover while debts cannot be paid', async () => {
    const chain = new ProvingChain();
    await faults(chain, declaration(3, 0, 6));
    chain.setMiner({ feeDebt: 10n ** 24n });
    expect(await recoveries(chain, declaration(3, 0, 6))).toMatch(
      /^20: unlocked balance can not repay fee debt/,
    );
    chain.setMiner({ feeDebt: 3n });
    const burnt = chain.runtime.actor(99).balance;
    expect(await recoveries(chain, declaration(3, 0, 6))).toBe('accepted');
    expect(chain.runtime.actor(99).balance - burnt).toBe(3n);
    expect(chain.miner.feeDebt).toBe(0n);
  });
});

describe('TerminateSectors', () => {
  it('ends sectors with a fee, and frees their pledge', async () => {
    const chain = new ProvingChain();
    const pledge = 10n ** 15n;
    const sector = chain.miner.sectors.get(4);
    if (!sector) throw new Error('no sector 4');
    chain.setMiner({
      sectors: chain.miner.sectors.set(4, { ...sector, initialPledge: pledge }),
      initialPledge: 13n + pledge,
    });
    const { balance } = chain.runtime.actor(MINER_ID);
    expect(await terminate(chain, declaration(2, 0, 4))).toBe('accepted');
    const fee = terminationFee(pledge, 0, continuedFaultFee(DEFAULT_ECONOMY, 2048n, 14n * 2048n));
    expect(fee).toBe((pledge * 2n) / 100n);
    expect(balance - chain.runtime.actor(MINER_ID).balance).toBe(fee);
    expect(chain.miner.initialPledge).toBe(13n);
    expect(chain.miner.power.rawBytePower).toBe(13n * 2048n);
    expect(chain.partition(2)).toMatchObject({ terminated: bits(4), sectors: bits(4, 5) });
    expect(await terminate(chain, declaration(2, 0, 4))).toBe(
      '16: failed to terminate sectors in deadline 2: failed to terminate sectors in partition 0: can only terminate live sectors',
    );
  });

  it('names what is there', async () => {
    expect(await terminate(new ProvingChain(), declaration(2, 1, 4))).toBe(
      '17: failed to terminate sectors in deadline 2: failed to find partition 1',
    );
  });

  it('leaves the open deadline and the next alone', async () => {
    const chain = new ProvingChain();
    for (const [index, sector] of [
      [0, 0],
      [1, 2],
    ] as const)
      expect(await terminate(chain, declaration(index, 0, sector))).toBe(
        `16: cannot terminate sectors in immutable deadline ${index}`,
      );
    expect(await terminate(chain, declaration(2, 0, 4))).toBe('accepted');
  });
});

describe('ExtendSectorExpiration2', () => {
  it('moves a sector’s end, and leaves its power', async () => {
    const chain = new ProvingChain();
    const { power } = chain.miner;
    expect(await extend(chain)).toBe('accepted');
    expect(chain.miner.sectors.get(4)).toMatchObject({ expiration: 2_100_000, powerBaseEpoch: 0 });
    expect(chain.miner.power).toEqual(power);
    expect(chain.miner.deadlines[2]?.dailyFee).toBe(chain.miner.sectors.get(4)?.dailyFee);
  });

  it.each<readonly [string, Partial<ExpirationExtension2>, string]>([
    ['no such deadline', { deadline: 6 }, '16: deadline 6 not in range 0..6'],
    [
      'no such partition',
      { partition: 1 },
      '17: no such partition PartitionKey { deadline: 2, partition: 1 }',
    ],
    ['no such sector', { sectors: bits(99) }, '17: failed to load sectors: sector not found: 99'],
    [
      'a sector of another partition',
      { sectors: bits(6) },
      '20: failed to replace sector expirations at PartitionKey { deadline: 2, partition: 0 }: refusing to replace inactive sectors in {6} (active: {4-5})',
    ],
    [
      'an earlier end',
      { newExpiration: 1_999_999 },
      '16: cannot reduce sector 4 expiration to 1999999 from 2000000',
    ],
    [
      'too late an end',
      { newExpiration: 3_680_641 },
      '16: invalid expiration 3680641, cannot be more than 3680640 past current epoch 0',
    ],
    [
      'a claim',
      { sectors: bits(), sectorsWithClaims: [{ sectorNumber: 4, maintainClaims: [1], dropClaims: [] }] },
      '16: failed to get claims for sector 4: invalid claims',
    ],
  ])('is refused with %s', async (_what, change, words) => {
    expect(await extend(new ProvingChain(), change)).toBe(words);
  });

  it('is refused for faulty sectors', async () => {
    const chain = new ProvingChain();
    await faults(chain, declaration(2, 0, 4));
    expect(await extend(chain)).toMatch(/^20: .*refusing to replace inactive sectors/);
  });

  it('is refused when the sector has expired, whose deadline is yet to end', async () => {
    const chain = new ProvingChain({ expirations: { 4: 2 } });
    chain.to(3);
    expect(await extend(chain)).toBe('18: cannot extend expiration for expired sector 4 at 2');
  });
});

describe('CompactPartitions', () => {
  const IMMUTABLE =
    '18: cannot compact deadline 0 during its challenge window, or the prior challenge window, or before 37 epochs have passed since its last challenge window ended';

  it('forgets terminated sectors and closes gaps', async () => {
    const chain = new ProvingChain();
    for (const index of [0, 1, 2, 3, 4]) {
      chain.toDeadline(index);
      await prove(chain);
    }
    chain.toDeadline(0);
    await prove(chain);
    const { close } = chain.current;
    for (const index of [1, 2]) {
      chain.toDeadline(index);
      await prove(chain);
    }
    expect(await terminate(chain, declaration(0, 0, 1))).toBe('accepted');
    chain.to(close + 36);
    expect(await compact(chain, 0, 0)).toBe(IMMUTABLE);
    chain.to(close + 37);
    expect(await compact(chain, 0, 0)).toBe('accepted');
    expect(chain.miner.deadlines[0]).toMatchObject({ liveSectors: 3, totalSectors: 3 });
    expect(chain.miner.deadlines[0]?.partitions.map(({ sectors }) => sectors)).toEqual([
      bits(12, 13),
      bits(0),
    ]);
    expect(chain.miner.sectors.has(1)).toBe(false);
  });

  it('is refused before the challenge', async () => {
    const chain = new ProvingChain();
    expect(await compact(chain, 0, 0)).toBe(IMMUTABLE);
    expect(await compact(chain, 6, 0)).toBe('16: invalid deadline 6');
  });

  it.each<readonly [string, number[], SectorDeclaration[], string]>([
    ['more than there are', [0, 1], [], 'partitions to remove exceeds total'],
    ['what is not there', [1], [], 'partition index 1 out of range [0, 1)'],
    [
      'faulty sectors',
      [0],
      [declaration(4, 0, 8)],
      'while removing partitions: cannot remove partition 0: has faults',
    ],
  ])('is refused for %s', async (_what, partitions, declared, words) => {
    const chain = new ProvingChain();
    await faults(chain, ...declared);
    // In this period the last time of deadline 4 was 37 epochs ago and more.
    chain.to(29);
    expect(await compact(chain, 4, ...partitions)).toBe(
      `16: failed to remove partitions from deadline 4: ${words}`,
    );
  });

  it('is refused for unproven sectors', async () => {
    const chain = new ProvingChain();
    const [partition] = chain.miner.deadlines[4]?.partitions ?? [];
    const deadline = chain.miner.deadlines[4];
    if (!partition || !deadline) throw new Error('no partition');
    chain.setMiner({
      deadlines: chain.miner.deadlines.with(4, {
        ...deadline,
        partitions: [{ ...partition, unproven: bits(8) }],
      }),
    });
    chain.to(29);
    expect(await compact(chain, 4, 0)).toMatch(/has unproven sectors$/);
  });
});
