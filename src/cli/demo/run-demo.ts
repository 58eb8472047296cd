import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { needMysql, readEnvironment } from '#config';
import { BeeproError, type SectorId, sectorName } from '#core';
import { type Database, findSector, listRunsOfSector, listSectorEvents, openDatabase } from '#db';
import { cpuDevices, deviceSettings, LocalInstallation } from '#local';
import { pledgeSectors } from '#sector';
import { formatDuration, renderTable } from '../output/index.ts';
import { batchSettings } from './batching.ts';
import { retrieveFile, storeFile } from './file-piece.ts';
import { messagesTable } from './messages-table.ts';
import { NODES, nodeFaults } from './node-faults.ts';
import type { DemoOptions } from './options.ts';
import { phaseTitle, type SectorTimes, sectorTimes, shownPhases } from './phase-times.ts';
import { sideBySide } from './side-by-side.ts';
import { verifyLanded } from './verify-landed.ts';
import { type Moment, watchUntilProving } from './watch.ts';

const BLOCK_TIME_MS = 500;
/** From one of the chain's nodes to the others, in ms. */
const GOSSIP_MS = 100;

/**
 * The main job on one machine: pledges sectors, seals them with real proofs on an embedded chain, and follows them to
 * `Proving`. The servers, the sealer and the parameters are given by the environment (`scripts/demo.mjs`).
 */
export async function runDemo(options: DemoOptions): Promise<void> {
  const startedAt = performance.now();
  const say = (text: string): void => {
    process.stdout.write(`${formatDuration(performance.now() - startedAt).padStart(7)}  ${text}\n`);
  };
  const dir = process.env.BEEPRO_RUN_DIR ?? mkdtempSync(join(tmpdir(), 'beepro-demo-'));
  const installation = new LocalInstallation({
    env: process.env,
    dir,
    sectorSize: options.sectorSize,
    blockTimeMs: BLOCK_TIME_MS,
    nodes: NODES,
    gossipDelayMs: GOSSIP_MS,
    settings: [
      ...(options.devices === undefined ? [] : deviceSettings(options.devices)),
      ...batchSettings(options),
      // A node that stands still is left sooner than one of a real network.
      ['chain.timeout', '*', '5s'],
    ],
  });
  const database = openDatabase(needMysql(readEnvironment(installation.env)));
  let isLeftRunning = false;
  const interrupted = new Promise<never>((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => reject(new Error(`stopped by ${signal}`)));
  });
  interrupted.catch(() => undefined);
  try {
    await Promise.race([interrupted, seal(installation, database, options, say, startedAt)]);
    isLeftRunning = options.keep;
  } finally {
    await database.close();
    if (!isLeftRunning) await installation.stop();
  }
  if (isLeftRunning) {
    for (const role of installation.roles) role.detach();
  }
}

async function seal(
  installation: LocalInstallation,
  database: Database,
  options: DemoOptions,
  say: (text: string) => void,
  startedAt: number,
): Promise<void> {
  const miner = `t0${installation.miner}`;
  say(
    `embedded chain: ${NODES} nodes, ${options.sectorSize} sectors, an epoch every ${BLOCK_TIME_MS} ms, real proofs`,
  );
  await installation.startChain();
  await installation.configure();
  say(`miner ${miner}, storage ${installation.storageDir}`);
  const roles = [installation.startSealing(), installation.startWorker('demo')];
  await Promise.all(roles.map((role) => role.ready()));
  const ui = await installation.startUi();
  say(`running: sealing role, worker "demo", web page at ${ui.url} (password in ${ui.passwordFile})`);

  if (options.devices !== undefined) say(`its devices: ${cpuDevices(options.devices)}`);
  const begin = async (count: number): Promise<SectorId[]> => {
    const begun = await pledge(installation, count);
    say(`pledged ${begun.map(sectorName).join(', ')}`);
    return begun;
  };
  // With devices the others begin when the first is at C2, so that PC2 and C2 are seen side by side.
  const later = options.devices === undefined ? 0 : options.sectors - 1;
  const pledged = await begin(options.sectors - later);
  const piece = options.file === undefined ? undefined : await storeFile(installation, options.file, say);
  const moments: Moment[] = options.faults ? [...nodeFaults(installation, say)] : [];
  if (later > 0) moments.push({ when: 'Commit2', act: () => begin(later) });
  const sectors = await watchUntilProving(database, piece ? [...pledged, piece.sector] : pledged, {
    startedAt,
    logs: installation.logsDir,
    write: (text) => process.stdout.write(text),
    isTerminal: process.stdout.isTTY === true,
    moments,
  });
  const files = await verifyLanded(database, sectors, installation.logsDir);
  say(`${files} landed files read back, every SHA-256 as recorded`);
  if (piece) await retrieveFile(installation, piece, say);
  process.stdout.write(`\n${await timesTable(database, sectors)}\n\n${await sentMessages(installation)}\n\n`);
  if (options.devices !== undefined) await tellSideBySide(database, sectors, say);
  say(`${sectors.length === 1 ? 'the sector is' : `${sectors.length} sectors are`} Proving`);
  if (options.keep) process.stdout.write(leftRunning(installation, ui));
}

/** Where everything is, and how the command line reaches it: by variables in a file that only this user may read. */
function leftRunning(
  installation: LocalInstallation,
  ui: { readonly url: string; readonly passwordFile: string },
): string {
  const envFile = join(installation.dir, 'beepro.env');
  const variables = Object.entries(installation.env).filter(([name]) => /^(BEEPRO|FIL)_/.test(name));
  const lines = variables.map(([name, value = '']) => `export ${name}='${value.replaceAll("'", "'\\''")}'\n`);
  writeFileSync(envFile, lines.join(''), { mode: 0o600 });
  return `
Left running:
  overview      ${ui.url}/
  Bull Board    ${ui.url}/queues/
  password      in ${ui.passwordFile}
  command line  . ${envFile}; npm run -s beepro -- sector list
  logs          ${installation.logsDir}
Stop it with: npm run demo -- --stop
`;
}

async function pledge(installation: LocalInstallation, count: number): Promise<SectorId[]> {
  await using modules = await installation.open();
  const numbers = await pledgeSectors(modules, { miner: installation.miner, count });
  return numbers.map((number) => ({ miner: installation.miner, number }));
}

async function tellSideBySide(
  database: Database,
  sectors: readonly SectorId[],
  say: (text: string) => void,
): Promise<void> {
  const runs = await Promise.all(sectors.map((id) => listRunsOfSector(database.kysely, id)));
  const pairs = sideBySide(runs.flat());
  for (const { first, second, ms } of pairs)
    say(`side by side for ${formatDuration(ms)}: ${first}, ${second}`);
  if (pairs.length === 0) say('no two devices were busy at one time');
}

async function sentMessages(installation: LocalInstallation): Promise<string> {
  await using modules = await installation.open();
  return await messagesTable(modules.db, modules.chain);
}

async function timesTable(database: Database, sectors: readonly SectorId[]): Promise<string> {
  const rows = await Promise.all(
    sectors.map(async (id) => {
      const [sector, runs, events] = await Promise.all([
        findSector(database.kysely, id),
        listRunsOfSector(database.kysely, id),
        listSectorEvents(database.kysely, id),
      ]);
      if (!sector) throw new BeeproError('NOT_FOUND', { what: 'sector', name: sectorName(id) });
      return sectorTimes(sector, runs, events);
    }),
  );
  const time = (ms: number | null | undefined): string | null =>
    typeof ms === 'number' ? formatDuration(ms) : null;
  return renderTable<SectorTimes>(rows, [
    { title: 'SECTOR', value: (row) => row.sector },
    { title: 'KIND', value: (row) => row.kind },
    { title: 'STATE', value: (row) => row.state },
    ...shownPhases(rows).map((phase) => ({
      title: phaseTitle(phase),
      value: (row: SectorTimes) => time(row.phases[phase]),
      align: 'right' as const,
    })),
    { title: 'PRE-COMMIT', value: (row) => time(row.precommit), align: 'right' },
    { title: 'SEED', value: (row) => time(row.seed), align: 'right' },
    { title: 'COMMIT', value: (row) => time(row.commit), align: 'right' },
    { title: 'TOTAL', value: (row) => time(row.total), align: 'right' },
  ]);
}
