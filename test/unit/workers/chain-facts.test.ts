import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ChainApi } from '#chain';
import { type Head, LotusFacts, type LotusFactsOptions } from '#workers';

/** What one call to a node takes, and what it takes until a drawn ticket is committed, in ms. */
const CALL_MS = 50;
const COMMIT_MS = 20;
const HEAD: Head = { epoch: 10_000, key: ['head'] };

const after = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** A node that counts its calls. */
function countingChain() {
  const calls = { head: 0, ticket: 0, params: 0 };
  let fails = false;
  const answer = async <T>(name: keyof typeof calls, value: T): Promise<T> => {
    calls[name] += 1;
    await after(CALL_MS);
    if (fails) throw new Error('the node is gone');
    return value;
  };
  const chain = {
    chainHead: () => answer('head', { height: 10_000 + calls.head, cids: ['head'] }),
    stateGetRandomnessFromTickets: (_tag: number, epoch: number) =>
      answer('ticket', Uint8Array.of(epoch & 0xff, 1)),
    stateGetNetworkParams: () => answer('params', { blockDelaySecs: 30 }),
  };
  return {
    calls,
    fail: (yes: boolean) => {
      fails = yes;
    },
    worker: (options: LotusFactsOptions = {}) => new LotusFacts(chain as unknown as ChainApi, options),
  };
}

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] }));
afterEach(() => void vi.useRealTimers());

/** Lets the clock run until the work is done. */
async function run<T>(work: Promise<T>): Promise<T> {
  let isDone = false;
  const ended = work.finally(() => {
    isDone = true;
  });
  ended.catch(() => undefined);
  while (!isDone) await vi.advanceTimersByTimeAsync(10);
  return ended;
}

describe('a ticket', () => {
  it('is asked for a few times when a thousand workers want it at once', async () => {
    const { calls, worker } = countingChain();
    const recorded = new Map<number, string>();
    const findTicket = (_miner: number, epoch: number) => Promise.resolve(recorded.get(epoch));
    const workers = Array.from({ length: 1_000 }, (_, i) =>
      worker({ findTicket, random: () => ((i * 617) % 1_000) / 1_000 }),
    );
    const draw = async (facts: LotusFacts) => {
      const ticket = await facts.ticket(1000, 9_100, HEAD);
      await after(COMMIT_MS);
      recorded.set(9_100, ticket);
      return ticket;
    };
    const tickets = await run(Promise.all(workers.map(draw)));
    expect(new Set(tickets)).toEqual(new Set(['8c01']));
    expect(calls.ticket).toBeLessThanOrEqual(50);
  });

  it('is asked for once by all that one worker seals at a time, and again after a failure', async () => {
    const { calls, worker, fail } = countingChain();
    const facts = worker();
    fail(true);
    await expect(run(facts.ticket(1000, 9_100, HEAD))).rejects.toThrow('gone');
    fail(false);
    await run(Promise.all([1, 2, 3].map(() => facts.ticket(1000, 9_100, HEAD))));
    await run(facts.ticket(1000, 9_100, HEAD));
    expect(calls.ticket).toBe(2);
    await run(Promise.all([facts.ticket(1000, 9_110, HEAD), facts.ticket(1001, 9_100, HEAD)]));
    expect(calls.ticket).toBe(4);
  });
});

describe('the head', () => {
  it('is shared by the phases that start within a quarter of an epoch', async () => {
    const { calls, worker } = countingChain();
    const facts = worker();
    await run(facts.blockMs());
    const heads = await run(Promise.all([facts.head(), facts.head()]));
    expect(heads.map(({ epoch }) => epoch)).toEqual([10_000, 10_000]);
    await vi.advanceTimersByTimeAsync(7_000);
    await run(facts.head());
    expect(calls.head).toBe(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect((await run(facts.head())).epoch).toBe(10_001);
  });

  it('that could not be had is asked for again', async () => {
    const { calls, worker, fail } = countingChain();
    const facts = worker();
    await run(facts.blockMs());
    fail(true);
    await expect(run(facts.head())).rejects.toThrow('gone');
    fail(false);
    await run(facts.head());
    expect(calls).toMatchObject({ head: 2, params: 1 });
  });
});
