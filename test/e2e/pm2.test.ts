import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { findRun, findSector, findWorker } from '#db';
import { LocalInstallation, type LocalModules } from '#local';
import { isAlive } from '#sealer';
import { audit, pledgeSectors } from '#sector';
import { type PrivateServers, startPrivateServers, waitFor } from '#testing';
import { mustRun } from '../../scripts/setup/command.mjs';
import { endProcess } from '../../scripts/setup/end-process.mjs';
import { nodePath } from '../../scripts/setup/node-runtime.mjs';
import { ROOT } from '../../scripts/setup/places.mjs';
import { ensurePm2 } from '../../scripts/setup/pm2.mjs';
import { forgetProcess, type ProcessRecord, registerProcess } from '../../scripts/setup/process-registry.mjs';
import { buildProgram, builtProgram } from '../../scripts/setup/production-build.mjs';
import { registryDir } from '../../scripts/setup/run-folder.mjs';
import { HostFiles, untilComputing } from '../integration/workers/support/host-files.ts';

/**
 * The production build's worker under a real pm2, by the project's own ecosystem.config.js, with a real C2: no memo
 * of proofs. C2 takes 100 CPU-seconds, so this suite seals one sector.
 */
const WORKER = 'pm2-host';
const APP = 'beepro-worker';
const MINUTE = 60_000;

let servers: PrivateServers;
let installation: LocalInstallation;
let modules: LocalModules;
let home: string;
let program: string;
let daemon: ProcessRecord | undefined;
let pm2Env: NodeJS.ProcessEnv;

beforeAll(async () => {
  program = await ensurePm2();
  if (builtProgram() === undefined) await buildProgram();
  const { BEEPRO_C2_MEMO_DIR: _none, ...environment } = process.env;
  servers = await startPrivateServers();
  const base = process.env.BEEPRO_RUN_DIR ?? tmpdir();
  installation = new LocalInstallation({
    env: { ...environment, ...servers.env },
    dir: mkdtempSync(join(base, 'pm2-e2e-')),
    sectorSize: '2KiB',
    blockTimeMs: 300,
    // As a fleet has it by default: a reload is no silence.
    settings: [['worker.heartbeat_expiry', '*', '60s']],
  });
  await installation.startChain();
  await installation.configure();
  modules = await installation.open();
  await installation.startSealing().ready();

  // As on a machine of the fleet: pm2 knows where the file is, and nothing of what stands in it.
  home = mkdtempSync(join(base, 'pm2-'));
  const envFile = join(home, 'beepro.env');
  const isForFile = ([name]: [string, string | undefined]) => /^(BEEPRO|FIL_PROOFS)_/.test(name);
  const lines = Object.entries({ ...installation.env, BEEPRO_WORKER_NAME: WORKER }).filter(isForFile);
  writeFileSync(envFile, `${lines.map(([name, value]) => `${name}=${value}`).join('\n')}\n`, { mode: 0o600 });
  const rest = Object.fromEntries(Object.entries(environment).filter((entry) => !isForFile(entry)));
  pm2Env = {
    ...rest,
    // Names the run, for whoever reaps what a dead run has left.
    BEEPRO_RUN: environment.BEEPRO_RUN,
    BEEPRO_SEALER_BIN: environment.BEEPRO_SEALER_BIN,
    BEEPRO_ENV_FILE: envFile,
    PM2_HOME: home,
    PM2_DISABLE_VERSION_CHECK: '1',
  };
}, 10 * MINUTE);

afterAll(async () => {
  if (home && program) await pm2('delete', 'all').catch(() => undefined); // there may be no app
  if (daemon && (await endProcess(daemon))) forgetProcess(registryDir(), daemon);
  await modules?.[Symbol.asyncDispose]();
  await installation?.stop();
  await servers?.stop();
  if (home) rmSync(home, { recursive: true, force: true });
  if (installation) rmSync(installation.dir, { recursive: true, force: true });
});

function pm2(...args: string[]): Promise<string> {
  return mustRun(nodePath(), [program, ...args], { cwd: ROOT, env: pm2Env, what: `pm2 ${args[0]}` });
}

/** The app as pm2 has it. */
async function app(): Promise<{ pid: number; restarts: number }> {
  const list = z.array(
    z.looseObject({
      name: z.string(),
      pid: z.number(),
      pm2_env: z.looseObject({ restart_time: z.number() }),
    }),
  );
  const apps = list.parse(JSON.parse((await pm2('jlist')).split('\n').at(-1) ?? ''));
  const found = apps.find(({ name }) => name === APP);
  if (!found) throw new Error(`pm2 has no ${APP}`);
  return { pid: found.pid, restarts: found.pm2_env.restart_time };
}

/** Waits until another agent than `before` has registered, and returns its pid. */
async function nextAgent(before: number | undefined): Promise<number> {
  const worker = await waitFor(
    async () => {
      const row = await findWorker(modules.db.kysely, WORKER);
      return row && row.pid !== before && row;
    },
    { deadlineMs: 2 * MINUTE, intervalMs: 100, what: 'the next agent' },
  );
  expect((await app()).pid).toBe(worker.pid);
  return worker.pid;
}

test(
  'a reload of the worker and then kill -9 of it, in the middle of C2: its sealer goes on, and the proof is accepted once',
  async () => {
    await pm2('start', 'ecosystem.config.js', '--only', APP);
    const daemonPid = Number(await readFile(join(home, 'pm2.pid'), 'utf8'));
    daemon = registerProcess(registryDir(), {
      what: 'pm2',
      run: process.env.BEEPRO_RUN ?? 'none',
      pid: daemonPid,
    });
    const first = await nextAgent(undefined);
    const [number = -1] = await pledgeSectors(modules, { miner: installation.miner, count: 1 });
    const id = { miner: installation.miner, number };
    const files = new HostFiles(join(installation.dir, 'state', 'workers', WORKER));
    const { db } = modules;
    const { run, sealer } = await untilComputing(db.kysely, files, id, 'commit2', 'c2', 5 * MINUTE);
    const untouched = async () => {
      expect(isAlive(sealer.identity)).toBe(true);
      expect(files.sealerOf(run.id)).toEqual(sealer);
      expect(files.hasSealerEnded(sealer.name, run.id, 'c2')).toBe(false);
      return findRun(db.kysely, run.id);
    };

    await pm2('reload', 'ecosystem.config.js', '--only', APP);
    const second = await nextAgent(first);
    const reloaded = await waitFor(async () => {
      const row = await untouched();
      return row && (row.host_epoch ?? 0) > (run.host_epoch ?? 0) && row;
    });
    expect(reloaded).toMatchObject({ status: 'running', attempt: 1, claim: 1, crashes: 0 });

    process.kill(second, 'SIGKILL');
    await nextAgent(second);
    const adopted = await waitFor(async () => {
      const row = await untouched();
      return row && (row.host_epoch ?? 0) > (reloaded.host_epoch ?? 0) && row;
    });
    expect(adopted).toMatchObject({ status: 'running', attempt: 1, claim: 1, crashes: 0 });

    await waitFor(
      async () => {
        const sector = await findSector(db.kysely, id);
        if (sector?.state === 'Parked') throw new Error(`parked: ${sector.parked_reason}`);
        return sector?.state === 'Proving';
      },
      { deadlineMs: 40 * MINUTE, intervalMs: 500, what: 'the sector Proving' },
    );
    const proven = await findRun(db.kysely, run.id);
    expect(proven).toMatchObject({ status: 'done', attempt: 1, claim: 1, crashes: 0, worker: WORKER });
    expect(proven?.result).not.toHaveProperty('fromMemo');
    // The process that computed when the first agent was there is the one that has answered the third.
    expect(files.isUnchanged(sealer)).toBe(true);
    const accepted = await db.kysely
      .selectFrom('sector_event')
      .selectAll()
      .where('miner', '=', id.miner)
      .where('number', '=', id.number)
      .where('event', '=', 'run.accepted')
      .execute();
    expect(accepted.filter(({ data }) => data?.runId === run.id)).toHaveLength(1);
    expect(await audit(db.kysely, modules.chain)).toEqual([]);
  },
  25 * MINUTE,
);
