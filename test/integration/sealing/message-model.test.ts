import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cancelMessage } from '#chain';
import { createMigratedDatabase, type MigratedDatabase } from '#testing';
import { addMiner } from '../db/fixtures.ts';
import { contentOf, FROM, PumpUnderTest } from './model/pump-under-test.ts';

let store: MigratedDatabase;
beforeAll(async () => {
  store = await createMigratedDatabase();
  await addMiner(store.database);
});
afterAll(() => store.drop());

const step = fc.constantFrom('send' as const, 'watch' as const);
const node = fc.integer({ min: 0, max: 1 });

/** What may happen, in any order; a failure prints its seed, its path and what happened. */
const happenings = {
  intend: fc.record({ what: fc.constant('intend' as const) }),
  pass: fc.record({ what: fc.constant('pass' as const), step }),
  crash: fc.record({
    what: fc.constant('crash' as const),
    step,
    at: fc.integer({ min: 1, max: 24 }),
    isDone: fc.boolean(),
  }),
  mine: fc.record({
    what: fc.constant('mine' as const),
    node,
    most: fc.integer({ min: 0, max: 4 }),
    nullRounds: fc.integer({ min: 0, max: 2 }),
  }),
  reorg: fc.record({
    what: fc.constant('reorg' as const),
    depth: fc.integer({ min: 1, max: 3 }),
    keeps: fc.constantFrom('all' as const, 'one' as const, 'none' as const),
  }),
  drop: fc.record({ what: fc.constant('drop' as const), node, ahead: fc.integer({ min: 0, max: 3 }) }),
  baseFee: fc.record({
    what: fc.constant('baseFee' as const),
    fee: fc.constantFrom(100n, 3_000n, 7_000n, 20_000n),
  }),
  cancel: fc.record({ what: fc.constant('cancel' as const), pick: fc.nat(20) }),
  foreign: fc.record({ what: fc.constant('foreign' as const), node }),
  dump: fc.record({ what: fc.constant('dump' as const) }),
  restore: fc.record({ what: fc.constant('restore' as const) }),
  restart: fc.record({ what: fc.constant('restart' as const) }),
};
type Happening = {
  [K in keyof typeof happenings]: (typeof happenings)[K] extends fc.Arbitrary<infer T> ? T : never;
}[keyof typeof happenings];

const ordinary: fc.WeightedArbitrary<Happening>[] = [
  { arbitrary: happenings.intend, weight: 6 },
  { arbitrary: happenings.pass, weight: 10 },
  { arbitrary: happenings.crash, weight: 6 },
  { arbitrary: happenings.mine, weight: 8 },
  { arbitrary: happenings.reorg, weight: 2 },
  { arbitrary: happenings.drop, weight: 2 },
  { arbitrary: happenings.baseFee, weight: 2 },
  { arbitrary: happenings.cancel, weight: 1 },
  { arbitrary: happenings.foreign, weight: 1 },
  { arbitrary: happenings.restart, weight: 1 },
];
const restored: fc.WeightedArbitrary<Happening>[] = [
  ...ordinary,
  { arbitrary: happenings.dump, weight: 3 },
  { arbitrary: happenings.restore, weight: 2 },
];
const lives = (kinds: fc.WeightedArbitrary<Happening>[]) =>
  fc.array(fc.oneof(...kinds), { minLength: 20, maxLength: 45, size: 'max' });

async function happen(test: PumpUnderTest, happening: Happening): Promise<void> {
  const { network } = test;
  const at = (index: number) => network.nodes[index] ?? (network.nodes[0] as (typeof network.nodes)[number]);
  switch (happening.what) {
    case 'intend':
      return test.intend();
    case 'pass':
      return test.pass(happening.step);
    case 'crash':
      return test.crash(happening.step, happening.at, happening.isDone);
    case 'mine':
      return network.mine(at(happening.node), happening.most, happening.nullRounds);
    case 'reorg': {
      const { keeps } = happening;
      return network.reorg(happening.depth, (one) => keeps === 'all' || (keeps === 'one' && one === at(1)));
    }
    case 'drop': {
      const next = network.head.nonces.get(FROM) ?? 0;
      return at(happening.node).drop(FROM, next + happening.ahead);
    }
    case 'baseFee':
      network.baseFee = happening.fee;
      return;
    case 'cancel': {
      const row = (await test.rows())[happening.pick];
      if (row) await cancelMessage(test.database, row.id, 'the model').catch(() => undefined);
      return;
    }
    case 'foreign':
      return test.pushForeign(at(happening.node));
    case 'dump':
      return test.dump();
    case 'restore':
      await test.restore();
      return;
    case 'restart':
      return test.restart();
  }
}

/** Calm weather, until every message has come to its end. */
async function settle(test: PumpUnderTest): Promise<void> {
  const { network } = test;
  network.baseFee = 100n;
  for (let round = 0; round < 80; round++) {
    await test.pass('send');
    await test.pass('watch');
    for (const producer of network.nodes) network.mine(producer);
    const open = (await test.rows()).filter(({ state }) => !['final', 'failed', 'cancelled'].includes(state));
    if (open.length === 0) return;
  }
  const open = (await test.rows()).filter(({ state }) => !['final', 'failed', 'cancelled'].includes(state));
  throw new Error(
    `never ended: ${open.map((row) => `${row.id} ${row.state} ${row.nonce} ${row.error_message}`).join('; ')}`,
  );
}

async function holdsToTheRules(test: PumpUnderTest): Promise<void> {
  const rows = await test.rows();
  const wanted = (value: bigint) => value > 0n && value < 10n ** 15n;
  const landed = test.network
    .included()
    .map(({ message }) => message.value)
    .filter(wanted);
  expect(landed.length, 'an intent landed twice').toBe(new Set(landed).size);
  for (const row of rows.filter(({ value }) => wanted(value)))
    expect(
      { id: row.id, state: row.state, isOnChain: landed.includes(row.value) },
      'the row says what the chain has',
    ).toEqual({ id: row.id, state: row.state, isOnChain: row.state === 'final' });
  // What a database forgot before anybody else saw it gives its nonce to another.
  if (test.hasRestored) return;
  const byNonce = Map.groupBy(
    test.network.taken.filter(({ message }) => wanted(message.value)),
    ({ message }) => message.nonce,
  );
  for (const [nonce, versions] of byNonce)
    expect(new Set(versions.map(contentOf)).size, `contents under nonce ${nonce}`).toBe(1);
  const byContent = Map.groupBy(
    test.network.taken.filter(({ message }) => wanted(message.value)),
    contentOf,
  );
  for (const [content, versions] of byContent)
    expect(new Set(versions.map(({ message }) => message.nonce)).size, `nonces of ${content}`).toBe(1);
}

async function live(life: readonly Happening[]): Promise<void> {
  const test = new PumpUnderTest(store.database);
  await test.clear();
  for (const happening of life) await happen(test, happening);
  await settle(test);
  await holdsToTheRules(test);
}

const RUNS = Number(process.env.BEEPRO_MODEL_RUNS ?? 30);
const { BEEPRO_MODEL_SEED: seed, BEEPRO_MODEL_PATH: path } = process.env;
/** Each life is a short story: shrinking it through a database would take longer than reading it. */
const parameters = {
  numRuns: RUNS,
  endOnFailure: true,
  ...(seed ? { seed: Number(seed) } : {}),
  ...(path ? { path } : {}),
};

it('one intent, one nonce, landed once: whatever crashes, reorgs, fees and other software do', async () => {
  await fc.assert(fc.asyncProperty(lives(ordinary), live), parameters);
}, 300_000);

it('nor is anything sent twice when the database is put back to an older copy', async () => {
  await fc.assert(fc.asyncProperty(lives(restored), live), parameters);
}, 300_000);
