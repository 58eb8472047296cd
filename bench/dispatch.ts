/**
 * How long a phase run waits for a host that could start it at once, and what that costs: the production agent as
 * hundreds of host objects in a few processes, and one agent as a process of its own, on real Redis and MariaDB, with
 * stand-in sealers. Runs are made runnable at a steady rate, whatever the fleet makes of it.
 *
 *   npm run build && npm run bench:dispatch -- [--quick] [--hosts 500,2000] [--rates 20,50,100,200] [--seconds 60]
 *                    [--repeat 3] [--sectors 20000] [--processes 4] [--no-agent] [--profile DIR] [--json] [--check]
 *
 * Latency is from the statement that makes a run runnable to the statement of its claim, both by the server's clock:
 * each is followed by its commit.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { StampAnnouncer } from '#config';
import { PHASE_NAMES } from '#core';
import { migrate, openDatabase } from '#db';
import { QueueBus } from '#queues';
import { readProfile } from '#replay';
import { AgentUnderTest } from './dispatch/agent.ts';
import { Fleet } from './dispatch/fleet.ts';
import { latencies, openLoop, slowest, type Window } from './dispatch/open-loop.ts';
import { populate } from './dispatch/populate.ts';
import { cpuSeconds, residentMb } from './dispatch/process-use.ts';
import { countConnections, countStatements, openServers, type Servers } from './dispatch/servers.ts';
import { logStatements } from './dispatch/statement-log.ts';
import { type Figure, median, report } from './report.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    hosts: { type: 'string' },
    rates: { type: 'string' },
    seconds: { type: 'string' },
    repeat: { type: 'string' },
    sectors: { type: 'string' },
    processes: { type: 'string', default: '4' },
    'no-agent': { type: 'boolean', default: false },
    profile: { type: 'string' },
    json: { type: 'boolean' },
    check: { type: 'boolean' },
  },
});
const { quick } = values;
const list = (text: string) => text.split(',').map(Number);
const sizes = list(values.hosts ?? '500,2000');
const rates = list(values.rates ?? (quick ? '20,100' : '20,50,100,200'));
const seconds = Number(values.seconds ?? (quick ? 10 : 60));
const repeats = Number(values.repeat ?? (quick ? 1 : 3));
const sectors = Number(values.sectors ?? 20_000);

const TARGETS = { p50: 10, p99: 100, connections: 3, residentMb: 150 };
/** Idleness is measured so long, in ms. */
const IDLE_MS = quick ? 5_000 : 20_000;

const PROFILE = join(import.meta.dirname, 'dispatch/machine.json');

/** What an operator of such a fleet would set; nothing waits for room, so that waiting is dispatch. */
const SETTINGS: readonly (readonly [string, string])[] = [
  ...PHASE_NAMES.map((phase) => [`worker.limit.${phase}`, '24'] as const),
  ['worker.max_sectors', '2000'],
  ['worker.devices', 'none'],
  ['worker.memory_keep_free', '0'],
  ['worker.scratch_keep_free', '0'],
];

interface Sample {
  readonly p50: number;
  readonly p99: number;
  readonly hostP99: number;
  readonly fleetP99: number;
  /** CPU of one run beyond what the idle fleet costs. */
  readonly hostsMs: number;
  readonly redisMs: number;
  readonly mariadbMs: number;
  readonly statements: number;
  /** Of the benchmark itself, which pledges and shares the machine: for a look at its fairness. */
  readonly benchMs: number;
}

const say = (text: string) => void process.stderr.write(`${text}\n`);
const figures: Figure[] = [];
const servers = await openServers(Math.max(...sizes) + 100);
for (const hosts of sizes) await measure(hosts, servers);
report(`dispatch, load ${loadavg()[0]?.toFixed(1)} at the end`, figures);

async function measure(hosts: number, servers: Servers): Promise<void> {
  // Journals of two thousand hosts on one disk would measure that disk; each real host has its own.
  const dir = mkdtempSync(join(memoryFolder(), 'beepro-dispatch-'));
  const options = await servers.createDatabase(`dispatch_${hosts}`);
  // The one that a worker's process has; the servers are this run's alone, and what an earlier fleet left goes.
  const redisPrefix = 'beepro';
  const database = openDatabase({ ...options, poolSize: 20 });
  const bus = await QueueBus.open({ url: servers.redisUrl, prefix: redisPrefix, name: 'bench' });
  let fleet: Fleet | undefined;
  let agent: AgentUnderTest | undefined;
  let announcer: StampAnnouncer | undefined;
  try {
    await bus.client.flushall();
    await migrate(database);
    // The part of a coordinator that workers rest on; the others are not measured here.
    announcer = new StampAnnouncer({ redis: bus.client, database });
    const names = Array.from({ length: hosts }, (_, i) => `host-${i}`);
    await populate(database, names, sectors, SETTINGS);
    const before = await countConnections(database, bus);
    const began = performance.now();
    const profile = readProfile(PROFILE);
    const order = { dir, mysql: options, redisUrl: servers.redisUrl, redisPrefix, profile };
    fleet = await Fleet.start(names, Number(values.processes), order, values.profile);
    say(`${hosts} hosts started in ${((performance.now() - began) / 1_000).toFixed(0)} s`);
    await sleep(IDLE_MS / 2);
    const connections = ((await countConnections(database, bus)) - before) / hosts;
    if (!values['no-agent'])
      agent = await AgentUnderTest.start({
        ...options,
        redisUrl: servers.redisUrl,
        dir,
        profile: PROFILE,
      });
    const idle = await use(servers, fleet, () => sleep(IDLE_MS));
    await profiled('idle', () => sleep(IDLE_MS));

    const title = (what: string) => `${hosts} hosts: ${what}`;
    figures.push(
      { name: title('connections a host'), value: connections, unit: '', atMost: TARGETS.connections },
      { name: title('hosts’ CPU, idle'), value: idle.hosts * 100, unit: '% of a core' },
      { name: title('Redis CPU, idle'), value: idle.redis * 100, unit: '% of a core' },
      { name: title('MariaDB CPU, idle'), value: idle.mariadb * 100, unit: '% of a core' },
      { name: title('memory a host object'), value: hostMemory(fleet, hosts), unit: 'MB' },
    );
    let firstNumber = sectors + 1;
    for (const rate of rates) {
      const samples: Sample[] = [];
      for (let i = 0; i < repeats; i++) {
        const { window, sample } = await sampleOf(rate, firstNumber, idle);
        firstNumber += window.pledged;
        samples.push(sample);
        say(`  slowest: ${await slowest(database, window, 5)}`);
        say(
          `${title(`${rate}/s`)} ${JSON.stringify(sample)} late ${window.late}, load ${loadavg()[0]?.toFixed(1)}`,
        );
      }
      const middle = (pick: (sample: Sample) => number) => median(samples.map(pick));
      const name = (what: string) => title(`${rate}/s ${what}`);
      figures.push(
        { name: name('p50'), value: middle((s) => s.p50), unit: 'ms', atMost: TARGETS.p50, samples: repeats },
        { name: name('p99'), value: middle((s) => s.p99), unit: 'ms', atMost: TARGETS.p99, samples: repeats },
        { name: name('p99, fleet’s queue'), value: middle((s) => s.fleetP99), unit: 'ms' },
        { name: name('p99, host’s queue'), value: middle((s) => s.hostP99), unit: 'ms' },
        { name: name('hosts’ CPU a run'), value: middle((s) => s.hostsMs), unit: 'ms' },
        { name: name('Redis CPU a run'), value: middle((s) => s.redisMs), unit: 'ms' },
        { name: name('MariaDB CPU a run'), value: middle((s) => s.mariadbMs), unit: 'ms' },
        { name: name('statements a run'), value: middle((s) => s.statements), unit: '' },
      );
    }
    const last = { rate: Math.max(...rates), seconds: 10, firstNumber };
    await profiled('runs', () => openLoop({ database, bus }, last).then(() => undefined));
    if (agent) {
      figures.push({
        name: title('the agent as a process, resident'),
        value: agent.residentMb,
        unit: 'MB',
        atMost: TARGETS.residentMb,
      });
      say(`the agent of its own process took ${await agent.countRuns(database)} runs`);
    }
  } finally {
    await agent?.stop();
    await fleet?.stop();
    await announcer?.close();
    await bus.close();
    await database.close();
    rmSync(dir, { recursive: true, force: true });
  }

  /** With `--profile` alone: the statements of some work, which takes longer for it. */
  async function profiled(what: string, work: () => Promise<void>): Promise<void> {
    if (values.profile === undefined) return;
    const statements = await logStatements(database, work);
    writeFileSync(join(values.profile, `statements-${hosts}-${what}.txt`), statements);
  }

  async function sampleOf(
    rate: number,
    firstNumber: number,
    idle: Use,
  ): Promise<{ window: Window; sample: Sample }> {
    const statementsBefore = await countStatements(database);
    const began = performance.now();
    let window: Window | undefined;
    const used = await use(servers, fleet, async () => {
      window = await openLoop({ database, bus }, { rate, seconds, firstNumber });
    });
    if (!window) throw new Error('nothing was measured');
    const elapsed = (performance.now() - began) / 1_000;
    const fleetQueue = await latencies(database, window, true);
    const hostQueues = await latencies(database, window, false);
    const all = [...fleetQueue, ...hostQueues].sort((a, b) => a - b);
    const runs = window.pledged * 3;
    const perRun = (part: 'hosts' | 'redis' | 'mariadb' | 'bench') =>
      ((used[part] - idle[part]) * elapsed * 1_000) / runs;
    const statements = (await countStatements(database)) - statementsBefore - idle.statements * elapsed;
    const sample: Sample = {
      p50: quantile(all, 0.5),
      p99: quantile(all, 0.99),
      hostP99: quantile(hostQueues, 0.99),
      fleetP99: quantile(fleetQueue, 0.99),
      hostsMs: perRun('hosts'),
      redisMs: perRun('redis'),
      mariadbMs: perRun('mariadb'),
      statements: statements / runs,
      benchMs: perRun('bench'),
    };
    return { window, sample };
  }

  async function use(servers: Servers, fleet: Fleet | undefined, work: () => Promise<void>): Promise<Use> {
    const began = performance.now();
    const hostCpu = () => (fleet?.pids ?? []).reduce((sum, pid) => sum + cpuSeconds(pid), 0);
    const cpu = () => ({ ...servers.cpu(), hosts: hostCpu(), bench: cpuSeconds(process.pid) });
    const [before, statements] = [cpu(), await countStatements(database)];
    await work();
    const elapsed = (performance.now() - began) / 1_000;
    const after = cpu();
    const used: Use = {
      hosts: (after.hosts - before.hosts) / elapsed,
      redis: (after.redis - before.redis) / elapsed,
      mariadb: (after.mariadb - before.mariadb) / elapsed,
      bench: (after.bench - before.bench) / elapsed,
      statements: ((await countStatements(database)) - statements) / elapsed,
    };
    say(
      `  of a core: hosts ${percent(used.hosts)}, Redis ${percent(used.redis)}, MariaDB ${percent(used.mariadb)}, benchmark ${percent(used.bench)}; ${used.statements.toFixed(0)} statements/s`,
    );
    return used;
  }
}

/** Parts of a core, and statements a second. */
interface Use {
  readonly hosts: number;
  readonly redis: number;
  readonly mariadb: number;
  readonly bench: number;
  readonly statements: number;
}

function hostMemory(fleet: Fleet, hosts: number): number {
  return fleet.pids.reduce((sum, pid) => sum + residentMb(pid), 0) / hosts;
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}

function memoryFolder(): string {
  try {
    const folder = join('/dev/shm', `beepro-${process.pid}`);
    mkdirSync(folder, { recursive: true });
    rmSync(folder, { recursive: true });
    return '/dev/shm';
  } catch {
    return tmpdir();
  }
}
