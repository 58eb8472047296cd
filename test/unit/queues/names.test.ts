import { describe, expect, test } from 'vitest';
import { PHASE_NAMES } from '#core';
import {
  clampPriority,
  DEFAULT_PRIORITY,
  describeRedisAddress,
  jobId,
  MAX_PRIORITY,
  parseQueueName,
  parseRedisAddress,
  queueName,
  urgencyPriority,
} from '#queues';

describe('queue names', () => {
  test.each(PHASE_NAMES)('%s reads back, for the fleet and for a worker', (phase) => {
    expect(parseQueueName(queueName(phase))).toEqual({ phase, worker: undefined });
    expect(parseQueueName(queueName(phase, 'host-a.example'))).toEqual({ phase, worker: 'host-a.example' });
  });

  test.each(['', 'precommit9', 'precommit1@', 'precommit1@a b', 'precommit1@a:b', '@host'])(
    'refuses "%s"',
    (name) => {
      expect(() => parseQueueName(name)).toThrow(expect.objectContaining({ code: 'QUEUE_NAME_MALFORMED' }));
    },
  );

  test('a job id names phase, sector and attempt, and holds nothing BullMQ refuses', () => {
    expect(jobId({ miner: 1000, number: 12 }, 'precommit1', 3)).toBe('precommit1-s-t01000-12-a3');
  });
});

describe('priority', () => {
  test.each([
    [undefined, DEFAULT_PRIORITY],
    [-5, 1],
    [0, 1],
    [119, 1],
    [120, 2],
    [2880, 25],
    [10 ** 9, DEFAULT_PRIORITY - 1],
  ])('%s epochs left → %i', (epochsLeft, priority) => {
    expect(urgencyPriority(epochsLeft)).toBe(priority);
  });

  test.each([
    [0, 1],
    [-1, 1],
    [6_500_000, MAX_PRIORITY],
    [Number.NaN, DEFAULT_PRIORITY],
    [7.9, 7],
  ])('%s is clamped to %i', (priority, clamped) => {
    expect(clampPriority(priority)).toBe(clamped);
  });
});

describe('Redis addresses', () => {
  test.each([
    ['redis://localhost', 'redis://localhost:6379/0'],
    ['redis://:pw@10.0.0.1:7000/3', 'redis://10.0.0.1:7000/3'],
    ['rediss://u:p@[::1]:7000', 'redis://::1:7000/0'],
    ['unix:///run/redis.sock?db=2', 'unix:///run/redis.sock'],
    ['redis+unix:///tmp/a/redis.sock?db=0', 'unix:///tmp/a/redis.sock'],
    ['redis-sentinel://:p@a,b:26380/main/1', 'redis-sentinel://a:26379,b:26380/main'],
    ['redis-cluster://a:7000,b', 'redis-cluster://a:7000,b:6379'],
  ])('%s', (url, described) => {
    expect(describeRedisAddress(parseRedisAddress(url, {}))).toBe(described);
  });

  test('credentials come from the address, a variable or a file’s variable', () => {
    expect(parseRedisAddress('redis://me:s%40crt@h', {})).toMatchObject({
      username: 'me',
      password: 's@crt',
    });
    expect(parseRedisAddress('redis://h?password_env=PW', { PW: 'x' })).toMatchObject({ password: 'x' });
    expect(parseRedisAddress('rediss://h', {})).toMatchObject({ tls: true });
  });

  test.each([
    ['localhost:6379'],
    ['http://h'],
    ['redis://a,b'],
    ['redis://h:99999'],
    ['redis://h/x'],
    ['unix://'],
    ['redis-sentinel://a,b'],
    ['redis://h?password_env=UNSET'],
  ])('refuses %s', (url) => {
    expect(() => parseRedisAddress(url, {})).toThrow(
      expect.objectContaining({ code: 'REDIS_URL_MALFORMED' }),
    );
  });

  test('the error never shows the password', () => {
    expect(() => parseRedisAddress('redis://u:hunter2@h:x', {})).toThrow(/^(?!.*hunter2)/);
  });
});
