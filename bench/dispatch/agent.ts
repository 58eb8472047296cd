import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { type Database, openDatabase } from '#db';
import { type Devnet, startDevnet } from '#devnet';
import { RoleProcess } from '#local';
import { residentMb } from './process-use.ts';

const NAME = 'agent-process';

/** One worker as it is in production: a process of the production build, with sealers as processes of their own. */
export class AgentUnderTest {
  readonly #role: RoleProcess;
  readonly #chain: Devnet;

  private constructor(role: RoleProcess, chain: Devnet) {
    this.#role = role;
    this.#chain = chain;
  }

  static async start(options: {
    readonly url: string;
    readonly passwordFile: string | undefined;
    readonly redisUrl: string;
    readonly dir: string;
    readonly profile: string;
  }): Promise<AgentUnderTest> {
    const { url, passwordFile, dir } = options;
    const chain = await startDevnet({
      stateDir: join(dir, 'chain'),
      acceptReplayProofs: true,
      blockTimeMs: 4_000,
      verifier: {
        verifySeal: async () => false,
        verifyAggregate: async () => false,
        verifyWindowPoSt: async () => false,
        close: async () => {},
      },
    });
    const database = openDatabase({ url, passwordFile });
    await database.kysely
      .insertInto('setting')
      .values({
        name: 'chain.nodes',
        scope: '*',
        value: `${chain.url} token=file:${join(dir, 'chain', 'token')}`,
      })
      .execute();
    await database.close();
    const workspace = join(dir, 'agent-work');
    mkdirSync(workspace, { recursive: true });
    const role = new RoleProcess({
      name: NAME,
      args: ['run', 'worker', '--name', NAME, '--workspace', workspace],
      env: {
        ...process.env,
        BEEPRO_MYSQL_URL: url,
        BEEPRO_STATE_DIR: join(dir, 'agent-state'),
        BEEPRO_SEALER_BIN: join(process.cwd(), 'scripts/replay-sealer.mjs'),
        BEEPRO_REPLAY_PROFILE: options.profile,
        BEEPRO_REPLAY_SPEED: '1',
      },
      logFile: join(dir, 'agent.log'),
      restart: false,
      production: true,
    });
    await role.ready();
    return new AgentUnderTest(role, chain);
  }

  get residentMb(): number {
    return residentMb(this.#role.pid ?? 0);
  }

  async countRuns(database: Database): Promise<number> {
    const { rows } = await sql<{ runs: number }>`SELECT COUNT(*) AS runs FROM phase_run
      WHERE worker = ${NAME}`.execute(database.kysely);
    return Number(rows[0]?.runs ?? 0);
  }

  async stop(): Promise<void> {
    await this.#role.stop();
    await this.#chain.stop();
  }
}
