import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LOTUS_METHODS, traitsOf } from '#chain';
import { BeeproError } from '#core';
import { AnswerCache } from '../../../../src/chain/rpc/pool/answer-cache.ts';
import { cachePlan } from '../../../../src/chain/rpc/pool/cache-plan.ts';
import { CallQueue, QueueFull } from '../../../../src/chain/rpc/pool/call-queue.ts';
import { ExpiringSet } from '../../../../src/chain/rpc/pool/expiring-set.ts';
import { mayAskAnother } from '../../../../src/chain/rpc/pool/failure.ts';
import { InFlight } from '../../../../src/chain/rpc/pool/in-flight.ts';

const KEY = [{ '/': 'bafyHead' }];
const never = new AbortController().signal;

describe('what may be done with a call', () => {
  test('writes are those of the table, and only the harmless ones go to a second node', () => {
    const writes = Object.keys(LOTUS_METHODS).filter((method) => traitsOf(method).writes);
    expect(Object.fromEntries(writes.map((method) => [method, traitsOf(method).repeatable]))).toEqual({
      ...{ WalletNew: false, WalletSign: true, WalletSignMessage: true },
      ...{ MpoolPush: true, MpoolPushMessage: false, MinerCreateBlock: false, SyncSubmitBlock: true },
    });
  });

  test.each([
    ['StateMinerPower', { writes: false, repeatable: true }],
    ['EthGetBalance', { writes: false, repeatable: true }],
    ['F3GetLatestCertificate', { writes: false, repeatable: true }],
    ['F3Participate', { writes: true, repeatable: false }],
    ['ChainSetHead', { writes: true, repeatable: false }],
    ['WalletDelete', { writes: true, repeatable: false }],
    ['MpoolClear', { writes: true, repeatable: false }],
    ['SyncMarkBad', { writes: true, repeatable: false }],
    ['NetConnect', { writes: true, repeatable: false }],
  ])('%s', (method, traits) => {
    expect(traitsOf(method)).toMatchObject(traits);
  });

  test.each([
    ['CHAIN_TIMED_OUT', true, true],
    ['CHAIN_TIMED_OUT', false, false],
    ['CHAIN_UNREACHABLE', false, false],
    ['CHAIN_BUSY', false, true],
    ['CHAIN_METHOD_UNKNOWN', false, true],
    ['CHAIN_STATE_UNAVAILABLE', true, true],
    ['CHAIN_ACTOR_NOT_FOUND', true, false],
    ['CHAIN_CANCELLED', true, false],
  ] as const)('after %s, repeatable %s, another is asked: %s', (code, repeatable, may) => {
    expect(mayAskAnother(new BeeproError(code), repeatable)).toBe(may);
  });
});

describe('what is kept', () => {
  const facts = { heightOf: () => 1_000, finality: 900 };
  test.each([
    ['ChainHead', [], undefined],
    ['StateMinerInfo', ['t01000', []], undefined],
    ['StateMinerInfo', ['t01000', KEY], 'StateMinerInfo ["t01000",[{"/":"bafyHead"}]]'],
    ['StateAccountKey', ['t0100', KEY], 'StateAccountKey ["t0100"]'],
    ['ChainGetMessage', [{ '/': 'bafyM' }], 'ChainGetMessage [{"/":"bafyM"}]'],
    ['StateGetNetworkParams', [], 'StateGetNetworkParams []'],
    ['ChainGetTipSetByHeight', [100, KEY], 'final:ChainGetTipSetByHeight [100]'],
    ['ChainGetTipSetByHeight', [100, []], 'final:ChainGetTipSetByHeight [100]'],
    ['ChainGetTipSetByHeight', [101, KEY], 'ChainGetTipSetByHeight [101,[{"/":"bafyHead"}]]'],
    ['ChainGetTipSetByHeight', [101, []], undefined],
    [
      'StateGetRandomnessFromTickets',
      [5, 99, 'AA==', KEY],
      'final:StateGetRandomnessFromTickets [5,99,"AA=="]',
    ],
    ['GasEstimateMessageGas', [{}, null, KEY], undefined],
    ['MpoolPending', [KEY], undefined],
    ['StateSearchMsg', [KEY, { '/': 'x' }, -1, true], undefined],
    ['MpoolPush', [{}], undefined],
  ])('%s %j', (method, params, key) => {
    expect(cachePlan(method, params, facts)?.key).toBe(key);
  });

  test('nothing of an unknown height is taken for final', () => {
    expect(
      cachePlan('ChainGetTipSetByHeight', [1, []], { ...facts, heightOf: () => undefined }),
    ).toBeUndefined();
  });

  test('never more than there is room for; the least recently used goes first', () => {
    const puts = fc.array(fc.record({ key: fc.nat(30).map(String), bytes: fc.nat(100) }), { maxLength: 200 });
    fc.assert(
      fc.property(puts, (all) => {
        const cache = new AnswerCache({ entries: 10, bytes: 1_000 }, () => 0);
        for (const { key, bytes } of all) {
          cache.set(key, key, bytes);
          expect(cache.size.entries).toBeLessThanOrEqual(10);
          expect(cache.size.bytes).toBeLessThanOrEqual(1_000);
          expect(cache.get(key)?.value).toBe(bytes * 16 > 1_000 ? undefined : key);
        }
      }),
    );
  });

  test('what lasts for a while is gone after it', () => {
    let now = 0;
    const cache = new AnswerCache({ entries: 10, bytes: 1_000 }, () => now);
    cache.set('a', 1, 1, 100);
    now = 100;
    expect(cache.get('a')?.value).toBe(1);
    now = 101;
    expect(cache.get('a')).toBeUndefined();
    const names = new ExpiringSet(2, 100);
    for (const name of ['a', 'b', 'c']) names.add(name, 0);
    expect(['a', 'b', 'c'].map((name) => names.has(name, 100))).toEqual([false, true, true]);
    expect(names.has('b', 101)).toBe(false);
  });
});

describe('the queue of a node', () => {
  /** Work that ends when told to. */
  const job = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    return { work: () => promise, end: () => resolve() };
  };

  test('urgent calls go first, the others in turn', async () => {
    const queue = new CallQueue({ atOnce: () => 1, waiting: () => 10 });
    const first = job();
    const order: string[] = [];
    const note = (name: string, urgent: boolean) =>
      queue.run(async () => void order.push(name), { urgent, signal: never });
    const all = [
      queue.run(first.work, { urgent: false, signal: never }),
      note('a', false),
      note('b', false),
      note('c', true),
    ];
    first.end();
    await Promise.all(all);
    expect(order).toEqual(['c', 'a', 'b']);
    expect([queue.running, queue.waiting]).toEqual([0, 0]);
  });

  test('one too many is refused, and who goes away makes room', async () => {
    const queue = new CallQueue({ atOnce: () => 1, waiting: () => 1 });
    const first = job();
    const running = queue.run(first.work, { urgent: false, signal: never });
    const leaving = new AbortController();
    const waiting = queue.run(async () => 'done', { urgent: false, signal: leaving.signal });
    await expect(queue.run(async () => 1, { urgent: true, signal: never })).rejects.toThrow(QueueFull);
    leaving.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    const next = queue.run(async () => 'next', { urgent: false, signal: never });
    first.end();
    expect(await next).toBe('next');
    await running;
  });

  test('never more at once than may be, and all have their turn', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.boolean(), { maxLength: 40 }),
        async (most, urgency) => {
          const queue = new CallQueue({ atOnce: () => most, waiting: () => 100 });
          let now = 0;
          let peak = 0;
          const work = async () => {
            now += 1;
            peak = Math.max(peak, now);
            await Promise.resolve();
            now -= 1;
          };
          await Promise.all(urgency.map((urgent) => queue.run(work, { urgent, signal: never })));
          expect(peak).toBeLessThanOrEqual(most);
          expect([queue.running, queue.waiting]).toEqual([0, 0]);
        },
      ),
    );
  });
});

describe('identical calls under way', () => {
  test('share one answer and one failure, and are made anew afterwards', async () => {
    const calls = new InFlight();
    let made = 0;
    const call = async () => ++made;
    expect(await Promise.all([1, 2, 3].map(() => calls.share('a', never, call)))).toEqual([1, 1, 1]);
    expect(await calls.share('a', never, call)).toBe(2);
    const fail = async () => Promise.reject(new Error('no'));
    const failed = await Promise.allSettled([1, 2].map(() => calls.share('b', never, fail)));
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(calls.size).toBe(0);
  });

  test('one that stops waiting leaves it to the others; the last ends it', async () => {
    const calls = new InFlight();
    let given: AbortSignal | undefined;
    const call = (signal: AbortSignal) => {
      given = signal;
      return new Promise<never>(() => undefined);
    };
    const [a, b] = [new AbortController(), new AbortController()];
    const both = [a, b].map(({ signal }) =>
      calls.share('x', signal, call).catch((error: Error) => error.message),
    );
    a.abort(new Error('a left'));
    expect(await both[0]).toBe('a left');
    expect(given?.aborted).toBe(false);
    b.abort(new Error('b left'));
    expect(await both[1]).toBe('b left');
    expect(given?.aborted).toBe(true);
  });
});
