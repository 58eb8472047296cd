/**
 * Resident memory of each role of the production build after ten minutes in which it sealed sectors.
 *
 *   npm run build && npm run bench:memory -- [--minutes N] [--json] [--check]
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { LocalInstallation } from '#local';
import { pledgeSectors } from '#sector';
import { report } from './report.ts';

const TARGET_MB = 150;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    json: { type: 'boolean' },
    check: { type: 'boolean' },
  },
});

const dir = mkdtempSync(join(process.env.BEEPRO_RUN_DIR ?? tmpdir(), 'memory-'));
const { BEEPRO_C2_MEMO_DIR: _, ...env } = process.env;
const installation = new LocalInstallation({
  env,
  dir,
  sectorSize: '2KiB',
  blockTimeMs: 1000,
  production: true,
});
try {
  await installation.startChain();
  await installation.configure();
  const measured = [installation.startSealing(), installation.startWorker('bench')];
  await Promise.all(measured.map((role) => role.ready()));
  await installation.startUi();
  measured.push(installation.role('ui'));
  {
    await using modules = await installation.open();
    await pledgeSectors(modules, { miner: installation.miner, count: 2 });
  }
  await sleep(Number(values.minutes) * 60_000);
  report(
    `resident after ${values.minutes} minutes`,
    measured.map((role) => ({
      name: role.name,
      value: residentMb(role.pid),
      unit: 'MB',
      atMost: TARGET_MB,
    })),
  );
} finally {
  await installation.stop();
}
rmSync(dir, { recursive: true, force: true });

/** VmRSS of a process; it must not have been started again in between. */
function residentMb(pid: number | undefined): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return (Number(kib) * 1024) / 1e6;
}
