import { createConfiguredChain } from '#chain';
import { needMysql, needRedis, openSettings, readEnvironment } from '#config';
import { type Database, insertMessage, openDatabase } from '#db';
import { createLogger } from '#log';
import { QueueBus } from '#queues';
import { createNodeWallet } from '#wallet';
import { coordinatorDuties, type SealingModules } from '../../src/roles/sealing/index.ts';
import { residentMb } from '../dispatch/process-use.ts';
import { openServers } from '../dispatch/servers.ts';
import type { Figure } from '../report.ts';
import { median } from '../report.ts';
import { Nodes } from './nodes.ts';
import { release } from './populate.ts';
import * as world from './world.ts';

const TARGETS = { cpuMs: 1_000, calls: 200, residentMb: 250 };
const DUTIES = ['chain-watch', 'batches', 'messages'] as const;
const WARM_ROUNDS = 3;
const FINAL: number = 15;
/** Passes that throughput may take before it is given up. */
const MOST_PASSES = 200;

const say = (text: string) => void process.stderr.write(`${text}\n`);

interface Round {
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly calls: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

export interface RoundOptions {
  readonly latencyMs: number;
  readonly messages: number;
}

export async function measureRounds(options: RoundOptions): Promise<Figure[]> {
  await using resources = new AsyncDisposableStack();
  const servers = await openServers(100);
  const mysql = await servers.createDatabase('chain_rounds');
  const settings = [
    ['batch.precommit.wait', '*', '1d'],
    ['batch.commit.wait', '*', '1d'],
    ['batch.precommit.max', `miner:${world.BUSY}`, String(world.BATCH)],
    ['batch.commit.max', `miner:${world.BUSY}`, String(world.BATCH)],
    ['chain.confidence.final', '*', String(FINAL)],
    // The heads of these nodes jump where a chain takes its time.
    ['chain.max_lag', '*', '900'],
  ] as const;
  const nodes = resources.adopt(
    await Nodes.start({ nodes: 3, latencyMs: options.latencyMs, mysql, settings }),
    (started) => started.stop(),
  );
  const { urls, sectors, messages } = nodes.started;
  const db = resources.adopt(openDatabase(mysql), (opened) => opened.close());
  const modules = await openModules(db, urls, resources);
  const { duties } = coordinatorDuties(modules);
  const pass = async (name: (typeof DUTIES)[number]) => {
    const duty = duties.find((one) => one.name === name);
    if (!duty) throw new Error(`there is no duty ${name}`);
    await duty.pass(AbortSignal.timeout(120_000));
  };
  say(`${sectors} sectors and ${messages} messages are there`);

  let peakMb = 0;
  const round = async (): Promise<Round> => {
    await nodes.counts();
    const calls = new Map<string, ReadonlyMap<string, number>>();
    const before = process.cpuUsage();
    const began = performance.now();
    for (const name of DUTIES) {
      await pass(name);
      calls.set(name, await nodes.counts());
      peakMb = Math.max(peakMb, residentMb(process.pid));
    }
    const { user, system } = process.cpuUsage(before);
    return { cpuMs: (user + system) / 1_000, wallMs: performance.now() - began, calls };
  };
  const idle: Round[] = [];
  for (let i = 0; i < WARM_ROUNDS; i += 1) idle.push(await round());
  const due = await release(db);
  const busy = await round();
  await expectMoved(db);
  const throughput = await messagesASecond(modules, nodes, () => pass('messages'), options.messages);
  peakMb = Math.max(peakMb, residentMb(process.pid));
  tellCalls('nothing due', idle.at(-1));
  tellCalls(`${due} sectors due`, busy);
  const quiet = idle.slice(1);
  return [
    {
      name: 'round, nothing due: own CPU',
      value: median(quiet.map(({ cpuMs }) => cpuMs)),
      unit: 'ms',
      atMost: TARGETS.cpuMs,
      samples: quiet.length,
    },
    {
      name: 'round, nothing due: calls',
      value: median(quiet.map(total)),
      unit: '',
      atMost: TARGETS.calls,
      samples: quiet.length,
    },
    {
      name: 'round, nothing due: time',
      value: median(quiet.map(({ wallMs }) => wallMs)),
      unit: 'ms',
      samples: quiet.length,
    },
    { name: `round, ${due} sectors due: own CPU`, value: busy.cpuMs, unit: 'ms', atMost: TARGETS.cpuMs },
    { name: `round, ${due} sectors due: calls`, value: total(busy), unit: '', atMost: TARGETS.calls },
    { name: `round, ${due} sectors due: time`, value: busy.wallMs, unit: 'ms' },
    { name: 'messages, intent to final', value: throughput, unit: '/s', samples: options.messages },
    { name: 'resident at most', value: peakMb, unit: 'MB', atMost: TARGETS.residentMb },
  ];
}

async function openModules(
  db: Database,
  urls: readonly string[],
  resources: AsyncDisposableStack,
): Promise<SealingModules> {
  await db.kysely
    .insertInto('setting')
    .values({ name: 'chain.nodes', scope: '*', value: urls.join(', ') })
    .execute();
  const environment = readEnvironment();
  needMysql(environment);
  const settings = resources.adopt(await openSettings({ database: db }), (opened) => opened.close());
  const bus = resources.adopt(
    await QueueBus.open({ url: needRedis(environment).url, prefix: 'chainbench', name: 'bench' }),
    (opened) => opened.close(),
  );
  const chain = resources.adopt(createConfiguredChain(settings), (opened) => opened.close());
  const level = process.env.BEEPRO_LOG_LEVEL ?? 'silent';
  const log = createLogger({ role: 'bench', level, pretty: false });
  return { db, bus, chain, signer: createNodeWallet(chain), settings, log };
}

/** What was due has been done: a round that does nothing is no cheap round. */
async function expectMoved(db: Database): Promise<void> {
  const rows = await db.kysely
    .selectFrom('sector')
    .select(['state', ({ fn }) => fn.countAll<number>().as('count')])
    .where('miner', '=', world.BUSY)
    .groupBy('state')
    .execute();
  const count = (state: string) => Number(rows.find((row) => row.state === state)?.count ?? 0);
  for (const [state, least] of [
    ['Proving', world.BATCH],
    ['Commit1', world.BATCH],
  ] as const) {
    if (count(state) < least)
      throw new Error(
        `the round left ${count(state)} sectors in ${state}, not ${least}: ${JSON.stringify(rows)}`,
      );
  }
  for (const state of ['PreCommitBatching', 'CommitBatching'])
    if (count(state) > 0) throw new Error(`the round left ${count(state)} sectors in ${state}`);
}

/**
 * Plain transfers, all recorded at once behind the batches that wait for their nonce; a block comes whenever the duty has
 * nothing more to do. Counts whatever becomes final.
 */
async function messagesASecond(
  modules: SealingModules,
  nodes: Nodes,
  pass: () => Promise<void>,
  count: number,
): Promise<number> {
  const { db } = modules;
  const ended = async (): Promise<number> => {
    const { n } = await db.kysely
      .selectFrom('message')
      .select(({ fn }) => fn.countAll<number>().as('n'))
      .where('state', '=', 'final')
      .executeTakeFirstOrThrow();
    return Number(n);
  };
  const before = await ended();
  const began = performance.now();
  for (let i = 0; i < count; i += 1)
    await insertMessage(db.kysely, {
      ...{ miner: world.BUSY, purpose: 'send', from_address: world.SENDER, to_address: 't0100' },
      ...{ method: 0, value: 1n, params: '', max_fee: 10n ** 18n },
    });
  for (let passes = 0; passes < MOST_PASSES; passes += 1) {
    await pass();
    const open = await db.kysely
      .selectFrom('message')
      .select(['state', ({ fn }) => fn.countAll<number>().as('count')])
      .where('purpose', '=', 'send')
      .groupBy('state')
      .execute();
    const inState = (state: string) => Number(open.find((row) => row.state === state)?.count ?? 0);
    if (inState('final') === count) return ((await ended()) - before) / ((performance.now() - began) / 1_000);
    await nodes.advance(inState('landed') === count ? FINAL : 1);
  }
  throw new Error('the messages did not become final');
}

function total({ calls }: Round): number {
  return [...calls.values()].reduce((sum, methods) => sum + sumOf(methods), 0);
}

function sumOf(methods: ReadonlyMap<string, number>): number {
  return [...methods.values()].reduce((sum, count) => sum + count, 0);
}

/** Which duty asks what, most first: whoever is over the target is seen here. */
function tellCalls(what: string, round: Round | undefined): void {
  say(`calls of a round, ${what}:`);
  for (const [duty, methods] of round?.calls ?? []) {
    const sorted = [...methods].toSorted((a, b) => b[1] - a[1]);
    say(
      `  ${duty.padEnd(12)} ${String(sumOf(methods)).padStart(4)}  ${sorted.map(([name, count]) => `${name} ${count}`).join(', ')}`,
    );
  }
}
