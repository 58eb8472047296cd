import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  countJobs,
  JobFetcher,
  jobPresence,
  publishJob,
  QueueBus,
  republishJob,
  showPause,
  wakeWorker,
} from '#queues';
import { createTestRedis, type TestRedis, waitFor } from '#testing';

let redis: TestRedis;
let bus: QueueBus;
const fetchers: JobFetcher[] = [];
let serial = 0;

beforeAll(async () => {
  redis = await createTestRedis();
  bus = await QueueBus.open({
    url: process.env.BEEPRO_REDIS_URL ?? '',
    prefix: redis.prefix.replace(/[{}:]/g, ''),
    name: 'test',
  });
});
afterEach(() => {
  for (const fetcher of fetchers.splice(0)) fetcher.close();
});
afterAll(async () => {
  const keys = await redis.redis.keys(`${bus.prefix}:*`);
  if (keys.length > 0) await redis.redis.del(...keys);
  await bus.close();
  await redis.drop();
});

function fetcher(token = 'host-a'): JobFetcher {
  const made = new JobFetcher(bus, { token });
  fetchers.push(made);
  return made;
}

/** A queue that no other test uses. */
function queue(): string {
  serial += 1;
  return `precommit1@host-${serial}`;
}

function request(name: string, runId: number, priority = 1_000) {
  return { queue: name, jobId: `precommit1-s-t01000-${runId}-a1`, runId, priority };
}

describe('publishing', () => {
  test('the same job published twice is one job', async () => {
    const name = queue();
    await publishJob(bus, request(name, 1));
    await publishJob(bus, request(name, 1));
    expect(await countJobs(bus, [name])).toMatchObject([{ waiting: 1, active: 0 }]);
  });

  test('a job that BullMQ keeps as ended is ignored by publishJob and revived by republishJob', async () => {
    const name = queue();
    await publishJob(bus, request(name, 1));
    const job = await fetcher().tryFetch(name);
    expect(await job?.complete('done')).toBe(true);
    await publishJob(bus, request(name, 1));
    expect(await jobPresence(bus, name, request(name, 1).jobId)).toBe('completed');
    await republishJob(bus, request(name, 1));
    expect(await jobPresence(bus, name, request(name, 1).jobId)).toBe('waiting');
  });

  test('republishing leaves a job alone that somebody holds', async () => {
    const name = queue();
    await publishJob(bus, request(name, 1));
    await fetcher().tryFetch(name);
    await republishJob(bus, request(name, 1));
    expect(await jobPresence(bus, name, request(name, 1).jobId)).toBe('active');
    expect(await countJobs(bus, [name])).toMatchObject([{ waiting: 0, active: 1 }]);
  });
});

describe('fetching', () => {
  test('the most urgent first, then the oldest', async () => {
    const name = queue();
    await publishJob(bus, request(name, 1, 500));
    await publishJob(bus, request(name, 2, 500));
    await publishJob(bus, request(name, 3, 7));
    const one = fetcher();
    const order = [await one.tryFetch(name), await one.tryFetch(name), await one.tryFetch(name)];
    expect(order.map((job) => job?.runId)).toEqual([3, 1, 2]);
    expect(await one.tryFetch(name)).toBeUndefined();
  });

  test('a wait ends when a job is added to one of its queues', async () => {
    const names = [queue(), queue()];
    const one = fetcher();
    const waiting = one.wait(names, 2_000);
    await publishJob(bus, request(names[1] ?? '', 1));
    expect(await waiting).toBe(names[1]);
    expect((await one.tryFetch(names[1] ?? ''))?.runId).toBe(1);
  });

  test('a returned marker wakes the next host', async () => {
    const name = queue();
    await publishJob(bus, request(name, 1));
    const [one, two] = [fetcher('host-a'), fetcher('host-b')];
    expect(await one.wait([name], 2_000)).toBe(name);
    await one.returnMarker(name);
    expect(await two.wait([name], 2_000)).toBe(name);
  });

  test('a marker goes with the last job of its queue, and stays while there is another', async () => {
    const name = queue();
    const one = fetcher();
    const markers = () => redis.redis.zcard(bus.key(name, 'marker'));
    await publishJob(bus, request(name, 1));
    await publishJob(bus, request(name, 2));
    await one.tryFetch(name);
    expect(await one.withJobs([name])).toEqual([name]);
    expect(await markers()).toBe(1);
    await one.tryFetch(name);
    expect(await markers()).toBe(1);
    expect(await one.withJobs([name])).toEqual([]);
    expect(await markers()).toBe(0);
    await publishJob(bus, request(name, 3));
    expect(await one.wait([name], 2_000)).toBe(name);
  });

  test('a marker that Redis gave too late for one wait is told to the next, whatever that one asks for', async () => {
    const [early, later] = [queue(), queue()];
    await publishJob(bus, request(early, 1));
    const one = fetcher();
    await redis.redis.client('PAUSE', 1_500, 'ALL');
    expect(await one.wait([early], 50)).toBeUndefined();
    // Answered only after the pause, behind the marker's taking.
    await waitFor(async () => (await redis.redis.zcard(bus.key(early, 'marker'))) === 0, {
      what: 'the marker to be taken',
    });
    expect(await one.wait([later], 2_000)).toBe(early);
  });

  test('waking a worker ends its wait with no queue', async () => {
    const one = fetcher('host-wake');
    const waiting = one.wait([queue()], 2_000);
    await wakeWorker(bus, 'host-wake');
    expect(await waiting).toBeUndefined();
  });

  test('a paused queue gives nothing until it is resumed', async () => {
    const name = queue();
    await publishJob(bus, request(name, 1));
    await showPause(bus, name, true);
    const one = fetcher();
    expect(await one.tryFetch(name)).toBeUndefined();
    await showPause(bus, name, false);
    expect((await one.tryFetch(name))?.runId).toBe(1);
  });

  test('a job that is given back is fetched again', async () => {
    const name = queue();
    await publishJob(bus, request(name, 1));
    const one = fetcher();
    expect(await (await one.tryFetch(name))?.giveBack()).toBe(true);
    await waitFor(async () => (await one.tryFetch(name)) !== undefined, { what: 'the job to come back' });
  });
});

describe('a lock that is lost', () => {
  test('ending a job that another worker holds by now says so and throws nothing', async () => {
    const name = queue();
    await publishJob(bus, request(name, 1));
    const job = await fetcher().tryFetch(name);
    await redis.redis.set(`${bus.prefix}:${name}:${job?.jobId}:lock`, 'somebody-else');
    expect(await job?.complete('done')).toBe(false);
  });

  test('ending a job after FLUSHALL, or its removal, says so and throws nothing', async () => {
    const name = queue();
    await publishJob(bus, request(name, 1));
    const job = await fetcher().tryFetch(name);
    await bus.queue(name).obliterate({ force: true });
    expect(await job?.complete('done')).toBe(false);
  });

  test('a restarted agent takes hold of its job again; another agent cannot', async () => {
    const name = queue();
    await publishJob(bus, request(name, 1));
    await fetcher('host-a').tryFetch(name);
    expect(await fetcher('host-b').adopt(name, request(name, 1).jobId)).toBeUndefined();
    const adopted = await fetcher('host-a').adopt(name, request(name, 1).jobId);
    expect(await adopted?.complete('done')).toBe(true);
  });
});

test('a job fetched and forgotten by a killed agent is free again as soon as that agent is back', async () => {
  const name = queue();
  await publishJob(bus, request(name, 1));
  await publishJob(bus, request(name, 2));
  const killed = fetcher('host-a');
  await killed.tryFetch(name);
  await fetcher('host-b').tryFetch(name);
  expect(await fetcher('host-a').giveBackForgotten([name])).toBe(1);
  expect((await fetcher('host-c').tryFetch(name))?.runId).toBe(1);
  expect(await fetcher('host-c').tryFetch(name)).toBeUndefined();
});

test('any number of queues uses one connection, and one more to wait', async () => {
  const name = `beepro-connections-${process.pid}`;
  const own = await QueueBus.open({ url: process.env.BEEPRO_REDIS_URL ?? '', prefix: name, name });
  const one = new JobFetcher(own, { token: name });
  try {
    const names = Array.from({ length: 50 }, (_, i) => `precommit1@h${i}`);
    await Promise.all(names.map((queueName) => one.tryFetch(queueName)));
    await Promise.all(names.map((queueName) => countJobs(own, [queueName])));
    await one.wait(names, 1);
    const clients = String(await redis.redis.client('LIST'));
    expect(clients.split('\n').filter((line) => line.includes(name))).toHaveLength(2);
  } finally {
    one.close();
    const keys = await redis.redis.keys(`${own.prefix}:*`);
    if (keys.length > 0) await redis.redis.del(...keys);
    await own.close();
  }
});

test('without Redis nothing is given to a client that would keep it', async () => {
  const lone = await QueueBus.open({ url: process.env.BEEPRO_REDIS_URL ?? '', prefix: 'lone', name: 'test' });
  expect(() => lone.requireReady()).not.toThrow();
  lone.client.disconnect();
  await waitFor(() => lone.client.status === 'end');
  expect(() => lone.requireReady()).toThrow(/Redis at .* cannot be reached: the connection is end/);
  await lone.close();
});
