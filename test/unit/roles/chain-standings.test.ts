import { describe, expect, it } from 'vitest';
import { type ChainApi, networkPolicy, type PreCommitOnChain, type SectorInfo } from '#chain';
import { type BitField, sealedCid, toHex } from '#codec';
import { BeeproError } from '#core';
import type { ChainView } from '../../../src/roles/sealing/chain-view.ts';
import type { SealingModules } from '../../../src/roles/sealing/modules.ts';
import { readPlaces } from '../../../src/roles/sealing/places.ts';
import { ChainRandomness } from '../../../src/roles/sealing/randomness.ts';
import { readStandings } from '../../../src/roles/sealing/standing.ts';

const view: ChainView = {
  head: 1_000,
  key: ['head'],
  parents: ['before'],
  policy: networkPolicy(28),
  challengeDelay: 150,
};
const digest = new Uint8Array(32).fill(7);
const commR = toHex(digest);
const member = (number: number) => ({ miner: 1000, number, precommit_epoch: 500, comm_r: commR });
const preCommit = { info: { sealedCid: sealedCid(digest) }, preCommitEpoch: 500 } as PreCommitOnChain;
const info = (sectorNumber: number) =>
  ({ sectorNumber, sealedCid: sealedCid(digest), activation: 900 }) as SectorInfo;

interface Scripted {
  readonly preCommits?: Readonly<Record<number, PreCommitOnChain>>;
  readonly proven?: readonly number[];
  readonly deadlines?: readonly (readonly (readonly number[])[])[];
}

/** A chain that knows so much, and the calls that it was asked. */
function scripted({ preCommits = {}, proven = [], deadlines = [] }: Scripted) {
  const calls: string[] = [];
  const chain = {
    stateSectorPreCommitInfo: (_miner: string, number: number) => {
      calls.push(`precommit ${number}`);
      return Promise.resolve(preCommits[number] ?? null);
    },
    stateSectorGetInfo: (_miner: string, number: number) => {
      calls.push(`info ${number}`);
      return Promise.resolve(proven.includes(number) ? info(number) : null);
    },
    stateMinerSectors: (_miner: string, numbers: BitField) => {
      calls.push(`infos ${[...numbers].join()}`);
      return Promise.resolve(proven.filter((number) => numbers.has(number)).map(info));
    },
    stateSectorPartition: (_miner: string, number: number) => {
      calls.push(`place ${number}`);
      for (const [deadline, partitions] of deadlines.entries())
        for (const [partition, sectors] of partitions.entries())
          if (sectors.includes(number)) return Promise.resolve({ deadline, partition });
      return Promise.reject(new BeeproError('CHAIN_SECTOR_NOT_DUE'));
    },
    stateMinerPartitions: (_miner: string, deadline: number) => {
      calls.push(`partitions ${deadline}`);
      const partitions = deadlines[deadline] ?? [];
      return Promise.resolve(partitions.map((sectors) => ({ allSectors: new Set(sectors) })));
    },
    stateGetRandomnessFromTickets: (_tag: number, epoch: number) => {
      calls.push(`ticket ${epoch}`);
      return Promise.resolve(Uint8Array.of(epoch & 0xff));
    },
  };
  return { calls, modules: { chain: chain as unknown as ChainApi } as unknown as SealingModules };
}

describe('the standing of all that one message pre-committed', () => {
  const members = [1, 2, 3].map(member);
  const moved = { ...preCommit, preCommitEpoch: 501 };
  const other = { ...preCommit, info: { sealedCid: sealedCid(new Uint8Array(32)) } } as PreCommitOnChain;

  it.each([
    ['all there: the first speaks', { preCommits: { 1: preCommit } }, ['there', 'there', 'there'], 1],
    ['all moved', { preCommits: { 1: moved } }, ['moved', 'moved', 'moved'], 1],
    ['all gone', {}, ['gone', 'gone', 'gone'], 2],
    ['all proven', { proven: [1, 2, 3] }, ['proven', 'proven', 'proven'], 2],
    ['one proven, not the first', { proven: [2] }, ['gone', 'proven', 'gone'], 2],
    [
      'the first proven: another speaks for the rest',
      { proven: [1], preCommits: { 2: preCommit } },
      ['proven', 'there', 'there'],
      3,
    ],
    ['the first proven, the rest gone', { proven: [1] }, ['proven', 'gone', 'gone'], 4],
    [
      'not the message that was thought: each is asked for',
      { preCommits: { 1: other, 2: preCommit } },
      ['other-commR', 'there', 'gone'],
      4,
    ],
  ] as const)('%s', async (_case, script, expected, calls) => {
    const chain = scripted(script);
    const standings = await readStandings(chain.modules, view, members);
    expect(members.map(({ number }) => standings.get(number)?.standing)).toEqual(expected);
    expect(chain.calls).toHaveLength(calls);
  });

  it('of nobody costs nothing', async () => {
    const chain = scripted({});
    expect((await readStandings(chain.modules, view, [])).size).toBe(0);
    expect(chain.calls).toEqual([]);
  });
});

describe('places', () => {
  it('of sectors that lie together: two calls a deadline', async () => {
    const chain = scripted({ deadlines: [[[1, 2], [3]], [[4, 5]]] });
    const places = await readPlaces(chain.modules, view, [1, 2, 3, 4, 5].map(member));
    expect([...places]).toEqual([
      [1, { deadline: 0, partition: 0 }],
      [2, { deadline: 0, partition: 0 }],
      [3, { deadline: 0, partition: 1 }],
      [4, { deadline: 1, partition: 0 }],
      [5, { deadline: 1, partition: 0 }],
    ]);
    expect(chain.calls).toEqual(['place 1', 'partitions 0', 'place 4', 'partitions 1']);
  });

  it('of a single sector: one call; of one in no deadline yet: none is told', async () => {
    const chain = scripted({ deadlines: [[[1]]] });
    expect((await readPlaces(chain.modules, view, [member(1)])).get(1)?.deadline).toBe(0);
    expect((await readPlaces(chain.modules, view, [member(9)])).size).toBe(0);
    expect(chain.calls).toEqual(['place 1', 'place 9']);
  });
});

describe('randomness', () => {
  it('is asked once for all of (miner, epoch), also by many at once, until a reorg goes below it', async () => {
    const { modules, calls } = scripted({});
    const randomness = new ChainRandomness();
    const read = (epoch: number) => randomness.read(modules, view, 'ticket', 1000, epoch);
    expect(await Promise.all([read(5), read(5), read(6)])).toEqual(['05', '05', '06']);
    expect(await read(5)).toBe('05');
    expect(calls).toEqual(['ticket 5', 'ticket 6']);
    randomness.forgetFrom(6);
    expect([randomness.knows('ticket', 1000, 5), randomness.knows('ticket', 1000, 6)]).toEqual([true, false]);
    await read(6);
    expect(calls).toHaveLength(3);
  });

  it('is kept while this process noted the last head, and forgotten when another did', async () => {
    const { modules } = scripted({});
    const randomness = new ChainRandomness();
    await randomness.read(modules, view, 'ticket', 1000, 5);
    randomness.restsOn('a');
    randomness.forgetUnlessOn('a');
    expect(randomness.knows('ticket', 1000, 5)).toBe(true);
    randomness.forgetUnlessOn('b');
    expect(randomness.knows('ticket', 1000, 5)).toBe(false);
  });
});
