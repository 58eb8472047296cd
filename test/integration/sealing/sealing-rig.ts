import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { aggregateProofBytes, createLotusClient } from '#chain';
import { minerEntropy, RANDOMNESS, toHex } from '#codec';
import { openSettings, type Settings, type SettingsOptions, setSetting } from '#config';
import { claimRun, type DatabaseOptions, type PhaseRunRow, transaction } from '#db';
import { type Devnet, type DevnetOptions, type SealVerifier, startDevnet, zeroCommitment } from '#devnet';
import { createLogger } from '#log';
import { QueueBus } from '#queues';
import {
  acceptRun,
  addMiner,
  applyFenced,
  commitAndPublish,
  failRun,
  type RunAnswer,
  retryScale,
  ticketFor,
} from '#sector';
import { createMigratedDatabase, createTestFolder, createTestRedis, poolOfOne } from '#testing';
import { createNodeWallet } from '#wallet';
import {
  AggregateDesk,
  type AggregateInput,
  type ProofAggregator,
  type SealingModules,
  startSealing,
} from '../../../src/roles/sealing/index.ts';

/** A double for the proofs alone: everything else of the devnet is real. */
const ANY_PROOF: SealVerifier = {
  verifySeal: (input) => Promise.resolve(input.proof.length === 192 && input.proof[0] !== 0xee),
  verifyAggregate: (input) => Promise.resolve(input.proof[0] === 0xaa),
  verifyWindowPoSt: () => Promise.resolve(false),
  close: () => Promise.resolve(),
};

/** A double for the sealer that aggregates: what it makes is good as long as nobody spoils it. */
export class DoubleAggregator implements ProofAggregator {
  /** What it was asked for: how many sectors, and within what time. */
  readonly asked: { readonly sectors: number; readonly timeoutMs: number }[] = [];
  /** The first byte of what it makes; 0xaa is good. */
  firstByte = 0xaa;
  failure: Error | undefined;

  ability() {
    return Promise.resolve({ proofs: 512 });
  }

  async aggregate({ members, sealProof }: AggregateInput, timeoutMs: number): Promise<Uint8Array> {
    this.asked.push({ sectors: members.length, timeoutMs });
    if (this.failure) throw this.failure;
    return new Uint8Array(aggregateProofBytes(sealProof, members.length)).fill(this.firstByte);
  }

  close() {
    return Promise.resolve();
  }
}

/** Everything the sealing role needs, on real servers and a devnet whose blocks come when told or by its clock. */
export interface SealingRig extends AsyncDisposable {
  readonly modules: SealingModules;
  readonly devnet: Devnet;
  readonly miner: number;
  /** The environment of a command line on these servers; `chain.nodes` is for {@link SealingRig.set} to set. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** As `chain.nodes` names the devnet. */
  readonly node: string;
  /** For processes of their own. */
  readonly database: DatabaseOptions;
  readonly aggregator: DoubleAggregator;
  set(name: string, value: string): Promise<void>;
  start(): { stop(): Promise<void> };
  /** Claims and answers every run that is queued, as a worker that computes nothing. Returns what it answered. */
  work(answers?: Partial<Record<string, WorkerAnswer>>): Promise<PhaseRunRow[]>;
}

export type WorkerAnswer = (run: PhaseRunRow) => Record<string, unknown> | { readonly fail: string };

export async function createSealingRig(
  options: Partial<DevnetOptions> = {},
  settingsOptions: Pick<SettingsOptions, 'pollMs'> = {},
): Promise<SealingRig> {
  const store = await createMigratedDatabase();
  const redis = await createTestRedis();
  const folder = await createTestFolder();
  const bus = await QueueBus.open({
    url: process.env.BEEPRO_REDIS_URL ?? '',
    prefix: redis.prefix.replace(/[{}:]/g, ''),
    name: 'test',
  });
  const devnet = await startDevnet({
    stateDir: folder.path,
    blockTimeMs: 100,
    verifier: ANY_PROOF,
    policy: { preCommitChallengeDelay: 5 },
    ...options,
  });
  const chain = poolOfOne(createLotusClient({ url: devnet.url, token: () => devnet.token }));
  const settings = await openSettings({ database: store.database, ...settingsOptions });
  const log = createLogger({ role: 'test', level: process.env.BEEPRO_LOG_LEVEL ?? 'silent', pretty: false });
  const aggregator = new DoubleAggregator();
  const modules: SealingModules = {
    aggregates: new AggregateDesk(aggregator),
    db: store.database,
    bus,
    chain,
    signer: createNodeWallet(chain),
    settings,
    log,
  };
  const row = await addMiner({ db: store.database.kysely, chain }, { miner: devnet.miners[0] ?? 't01000' });
  const rig = {
    modules,
    devnet,
    miner: row.id,
    env: {
      BEEPRO_MYSQL_URL: store.options.url,
      BEEPRO_MYSQL_PASSWORD_FILE: store.options.passwordFile,
      BEEPRO_REDIS_URL: process.env.BEEPRO_REDIS_URL,
      BEEPRO_REDIS_PASSWORD_FILE: process.env.BEEPRO_REDIS_PASSWORD_FILE,
      BEEPRO_STATE_DIR: join(folder.path, 'cli'),
    },
    node: `${devnet.url} token=file:${join(folder.path, 'token')}`,
    database: store.options,
    aggregator,
    set: (name: string, value: string) => set(modules, settings, name, value),
    start: () => startSealing(modules),
    work: (answers: Partial<Record<string, WorkerAnswer>> = {}) => work(modules, answers),
    [Symbol.asyncDispose]: async () => {
      await settings.close();
      await chain.close();
      await devnet.stop();
      await bus.close();
      await redis.drop();
      await store.drop();
      await folder.remove();
    },
  };
  for (const [name, value] of FAST) await rig.set(name, value);
  return rig;
}

const FAST = [
  ['batch.precommit.wait', '0s'],
  ['batch.commit.wait', '0s'],
  ['chain.poll_interval', '200ms'],
  ['chain.confidence.commit', '3'],
  ['chain.confidence.final', '3'],
  ['coordinator.sweep_interval', '500ms'],
] as const;

async function set(modules: SealingModules, settings: Settings, name: string, value: string): Promise<void> {
  await setSetting(modules.db, { name, value, who: 'test' });
  await settings.refresh();
}

async function work(
  modules: SealingModules,
  answers: Partial<Record<string, WorkerAnswer>>,
): Promise<PhaseRunRow[]> {
  const queued = await modules.db.kysely
    .selectFrom('phase_run')
    .selectAll()
    .where('status', '=', 'queued')
    .orderBy('id')
    .execute();
  const done: PhaseRunRow[] = [];
  for (const run of queued) if (await answer(modules, run, answers)) done.push(run);
  return done;
}

async function answer(
  modules: SealingModules,
  run: PhaseRunRow,
  answers: Partial<Record<string, WorkerAnswer>>,
): Promise<boolean> {
  const worker = 'host-a';
  const claimed = await transaction(modules.db, (trx) =>
    claimRun(trx, { runId: run.id, attempt: run.attempt, worker, hostEpoch: 1 }),
  );
  if (!claimed) return false;
  const fence = { runId: run.id, attempt: claimed.attempt, claim: claimed.claim, worker };
  if (run.phase === 'precommit1') await drawTicket(modules, claimed, fence);
  const result = (answers[run.phase] ?? honest)(claimed);
  const accepted = await commitAndPublish(
    modules,
    async (trx): Promise<RunAnswer & { jobs: readonly [] }> => {
      const outcome =
        'fail' in result
          ? await failRun(
              trx,
              fence,
              { code: String(result.fail), message: 'told to fail' },
              retryScale(modules.settings, run.miner),
            )
          : await acceptRun(trx, fence, result);
      return outcome as RunAnswer & { jobs: readonly [] };
    },
  );
  return accepted.status === 'accepted';
}

async function drawTicket(
  modules: SealingModules,
  run: PhaseRunRow,
  fence: Parameters<typeof applyFenced>[1],
): Promise<void> {
  const head = await modules.chain.chainHead();
  const sector = await modules.db.kysely
    .selectFrom('sector')
    .selectAll()
    .where('miner', '=', run.miner)
    .where('number', '=', run.number)
    .executeTakeFirstOrThrow();
  const rules = { lookback: 900, maxAge: 3780 };
  const decision = ticketFor({ ...sector, active: [] }, head.height, rules, 60);
  if (decision.use === 'own') return;
  const entropy = minerEntropy(run.miner);
  const drawn = await modules.chain.stateGetRandomnessFromTickets(RANDOMNESS.seal, decision.epoch, entropy, [
    ...head.cids,
  ]);
  const ticket = toHex(drawn);
  await transaction(modules.db, (trx) =>
    applyFenced(trx, fence, { type: 'ticket-drawn', ticket, epoch: decision.epoch }),
  );
}

const COMM_D = toHex(zeroCommitment(2048));

/** What the phases of a committed-capacity sector answer when all goes well. CommR depends on the number alone. */
export function honest(run: PhaseRunRow): Record<string, unknown> {
  const digest = createHash('sha256').update(`replica ${run.miner} ${run.number}`).digest();
  digest[31] = (digest[31] ?? 0) & 0x3f;
  switch (run.phase) {
    case 'add-piece':
    case 'precommit1':
      return { commD: COMM_D };
    case 'precommit2':
      return { commD: COMM_D, commR: digest.toString('hex') };
    case 'commit1':
      return { output: { path: `/nvme/${run.number}/c1.json`, sha256: digest.toString('hex') } };
    case 'commit2':
      return { proof: 'ab'.repeat(192) };
    default:
      return {};
  }
}
