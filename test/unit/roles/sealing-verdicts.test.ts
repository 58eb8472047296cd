import { describe, expect, it, test } from 'vitest';
import type { SectorOnMessage } from '#db';
import { commitVerdict } from '../../../src/roles/sealing/commit-watch.ts';
import { dutyBackoffMs } from '../../../src/roles/sealing/duty.ts';
import { inParallel } from '../../../src/roles/sealing/in-parallel.ts';
import { precommitVerdict } from '../../../src/roles/sealing/precommit-watch.ts';
import { outboxVerdict } from '../../../src/roles/sealing/publisher.ts';
import { seedsDueUntil } from '../../../src/roles/sealing/seed-watch.ts';
import { crashVerdict, Hearing, sweepVerdict } from '../../../src/roles/sealing/sweeper.ts';

function onMessage(change: Partial<SectorOnMessage>): SectorOnMessage {
  return {
    miner: 1000,
    number: 1,
    comm_r: 'rr',
    precommit_epoch: null,
    message_id: 7,
    message_state: 'pushed',
    nonce: 3,
    inclusion_epoch: null,
    execution_epoch: 100,
    exit_code: null,
    member_exit_code: null,
    error_code: null,
    error_message: null,
    ...change,
  };
}

describe('a sector that waits for its pre-commit', () => {
  it.each([
    [{ message_state: 'pushed' }, undefined],
    [{ message_state: 'landed', exit_code: 0 }, 'look'],
    // Failed in a tipset that a reorg may still revert: nothing follows before it is final.
    [{ message_state: 'landed', exit_code: 16 }, undefined],
    [{ message_state: 'final', exit_code: 0 }, 'look'],
    [{ message_state: 'final', exit_code: 16 }, 'precommit-rejected'],
    [{ message_state: 'failed', nonce: null }, 'precommit-withheld'],
    [{ message_state: 'failed', nonce: 3 }, 'precommit-rejected'],
    [{ message_state: 'cancelled', nonce: null }, 'precommit-withheld'],
    [{ message_state: 'replaced', nonce: 3 }, 'precommit-rejected'],
  ] as const)('with a message %j: %s', (change, expected) => {
    const verdict = precommitVerdict(onMessage(change));
    expect(typeof verdict === 'object' ? verdict.type : verdict).toBe(expected);
  });
});

describe('a sector that waits for its prove-commit, at epoch 110 with a confidence of 10', () => {
  it.each([
    [{ message_state: 'landed', exit_code: 0, member_exit_code: 0 }, 'look'],
    [{ message_state: 'landed', exit_code: 0, member_exit_code: 0, execution_epoch: 101 }, undefined],
    // Its return value is read when it is final.
    [{ message_state: 'landed', exit_code: 0, member_exit_code: null }, undefined],
    [{ message_state: 'final', exit_code: 0, member_exit_code: 0 }, 'look'],
    [{ message_state: 'final', exit_code: 0, member_exit_code: 0, execution_epoch: 101 }, undefined],
    [{ message_state: 'final', exit_code: 0, member_exit_code: null }, 'look'],
    // One of a batch, refused on its own: once that is final.
    [{ message_state: 'landed', exit_code: 0, member_exit_code: 16 }, undefined],
    [{ message_state: 'landed', exit_code: 20, member_exit_code: 20 }, undefined],
    [{ message_state: 'final', exit_code: 0, member_exit_code: 16 }, 'commit-rejected'],
    [{ message_state: 'final', exit_code: 20, member_exit_code: 20 }, 'commit-rejected'],
    [{ message_state: 'failed', nonce: null }, 'commit-withheld'],
    [{ message_state: 'failed', nonce: 3 }, 'commit-rejected'],
    [{ message_state: 'pushed' }, undefined],
  ] as const)('with a message %j: %s', (change, expected) => {
    const verdict = commitVerdict(onMessage(change), 110, 10);
    expect(typeof verdict === 'object' ? verdict.type : verdict).toBe(expected);
  });
});

test.each([
  ['waiting', 9_000, 'leave'],
  ['active', 9_000, 'leave'],
  ['absent', 9_000, 'republish'],
  ['completed', 9_000, 'republish'],
  ['failed', 9_000, 'republish'],
  ['absent', 100, 'leave'],
] as const)('a queued run whose job is %s, %i ms old: %s', (presence, ageMs, verdict) => {
  expect(sweepVerdict({ ageMs }, presence)).toBe(verdict);
});

test('an expired claim goes to the next until it has crashed too often', () => {
  expect([0, 1, 2].map((crashes) => crashVerdict({ crashes }))).toEqual(['requeue', 'requeue', 'fail']);
});

test('only a run that still waits needs its job', () => {
  const statuses = ['waiting', 'queued', 'running', 'done', 'failed', 'superseded'];
  expect(statuses.filter((run_status) => outboxVerdict({ run_status }) === 'publish')).toEqual(['queued']);
});

test('a seed is read when it is drawn and deep enough', () => {
  expect(seedsDueUntil(255, 150, 6)).toBe(99);
  expect(seedsDueUntil(256, 150, 6)).toBe(100);
});

test('a failing duty backs off to a bound', () => {
  expect([1, 2, 3, 50].map(dutyBackoffMs)).toEqual([500, 1_000, 2_000, 30_000]);
});

test('inParallel bounds how much runs at once, finishes the rest when one fails, and tells of it', async () => {
  let running = 0;
  let most = 0;
  const done: number[] = [];
  const work = async (item: number) => {
    running += 1;
    most = Math.max(most, running);
    await Promise.resolve();
    running -= 1;
    if (item === 3) throw new Error('three');
    done.push(item);
  };
  async function* items() {
    for (let item = 0; item < 20; item++) yield item;
  }
  await expect(inParallel(items(), 4, new AbortController().signal, work)).rejects.toThrow('three');
  expect(most).toBeLessThanOrEqual(4);
  expect(done).toHaveLength(19);
});

describe('silence counts as a crash only where it would have been heard whole', () => {
  const looks = (times: readonly number[], expiryMs = 60_000) => {
    const hearing = new Hearing();
    return times.map((ms) => hearing.isWhole(ms, expiryMs, 5_000));
  };

  test('after a start, and then at every look', () => {
    expect(looks([0, 20_000, 40_000, 60_000, 65_000])).toEqual([false, false, false, true, true]);
  });

  test('anew after a break: this process stood still, or another did the duty', () => {
    expect(looks([0, 30_000, 60_000, 95_000, 125_000, 155_000])).toEqual([
      false,
      false,
      true,
      false,
      false,
      true,
    ]);
  });

  test('anew after a look that failed', () => {
    const hearing = new Hearing();
    for (const ms of [0, 30_000, 60_000]) hearing.isWhole(ms, 60_000, 5_000);
    hearing.interrupt();
    expect(hearing.isWhole(65_000, 60_000, 5_000)).toBe(false);
    expect(hearing.isWhole(95_000, 60_000, 5_000)).toBe(false);
    expect(hearing.isWhole(125_000, 60_000, 5_000)).toBe(true);
  });

  test('by the expiry that is set now, also where looks are rare', () => {
    expect(looks([0, 5_000, 10_000], 1_000)).toEqual([false, true, true]);
  });
});
