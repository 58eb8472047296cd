import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { endSealerProcess, SealerPool } from '#sealer';
import { createTestFolder, type TestFolder } from '#testing';

let folder: TestFolder;
let pools: SealerPool[];

beforeEach(async () => {
  folder = await createTestFolder();
  pools = [];
});
afterEach(async () => {
  const dir = join(folder.path, 'sealers');
  for (const name of existsSync(dir) ? readdirSync(dir) : []) {
    await endSealerProcess(JSON.parse(readFileSync(join(dir, name, 'sealer.json'), 'utf8')));
  }
  for (const one of pools) one.close();
  await folder.remove();
});

async function open(needed: readonly string[] = []): Promise<SealerPool> {
  const bin = process.env.BEEPRO_SEALER_BIN ?? '';
  const options = { dir: join(folder.path, 'sealers'), program: { bin }, idleExitS: 20 };
  const pool = await SealerPool.open(options, new Set(needed));
  pools.push(pool);
  return pool;
}

const CORE_0 = { cpus: '0', producers: 1 };
const maskOf = (pid: number) =>
  /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];

test('a process on cores of its own serves runs on these alone, and the others none of those', async () => {
  const pool = await open();
  const bound = await pool.reserve('cpu', CORE_0).open();
  const free = await pool.reserve('cpu').open();
  expect(maskOf(bound.process.pid)).toBe('0');
  expect(maskOf(free.process.pid)).toBe(maskOf(process.pid));
  bound.release();
  free.release();
  expect((await pool.reserve('cpu').open()).process).toEqual(free.process);
  const other = await pool.reserve('cpu', { ...CORE_0, producers: 2 }).open();
  expect(other.process.pid).not.toBe(bound.process.pid);
  expect((await pool.reserve('cpu', CORE_0).open()).process).toEqual(bound.process);
});

test('it keeps its cores over a restart of the agent: idle, at work, and started again after its death', async () => {
  const pool = await open();
  const [idle, working, dead] = [
    await pool.reserve('cpu', CORE_0).open(),
    await pool.reserve('cpu', CORE_0).open(),
    await pool.reserve('cpu', CORE_0).open(),
  ];
  idle.release();
  pool.close();
  await endSealerProcess(dead.process);
  const next = await open([working.name, dead.name]);
  expect((await next.reserve('cpu', CORE_0).open()).process).toEqual(idle.process);
  expect((await (await next.adopt(working.name)).open()).process).toEqual(working.process);
  const again = await (await next.adopt(dead.name)).open();
  expect(again.process.pid).not.toBe(dead.process.pid);
  expect(maskOf(again.process.pid)).toBe('0');
});

test('one that died before it left a record is started on the cores of its run', async () => {
  const pool = await open();
  const lease = await (await pool.adopt('cpu-abc', { cores: CORE_0 })).open();
  expect(maskOf(lease.process.pid)).toBe('0');
});
