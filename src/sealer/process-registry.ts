import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ProcessIdentity, pidNamespace } from './process-identity.ts';

/**
 * The register of processes that may outlive who started them, for runs that clean up after themselves (the
 * demo, the tests): `BEEPRO_PROCESS_REGISTRY` is its folder and `BEEPRO_RUN` the run that answers for them.
 * Where these are not set nobody reaps and nothing is written. `scripts/setup/process-registry.mjs` has the format.
 */
export function registerSealer(identity: ProcessIdentity, env: NodeJS.ProcessEnv = process.env): void {
  const folder = env.BEEPRO_PROCESS_REGISTRY;
  const run = env.BEEPRO_RUN;
  if (!folder || !run) return;
  const record = {
    format: 1,
    what: 'sealer',
    run,
    bootId: identity.bootId,
    pid: identity.pid,
    startTime: String(identity.startTime),
    pidNamespace: pidNamespace(),
    cgroup: cgroupOf(identity.pid),
    startedAt: new Date().toISOString(),
  };
  mkdirSync(folder, { recursive: true });
  const temporary = join(folder, `.tmp-sealer-${identity.pid}`);
  writeFileSync(temporary, `${JSON.stringify(record, null, 2)}\n`);
  renameSync(temporary, join(folder, `sealer-${identity.pid}.json`));
}

export function forgetSealer(identity: ProcessIdentity, env: NodeJS.ProcessEnv = process.env): void {
  const folder = env.BEEPRO_PROCESS_REGISTRY;
  if (folder) rmSync(join(folder, `sealer-${identity.pid}.json`), { force: true });
}

function cgroupOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8').split('\n')[0] ?? '';
  } catch {
    return ''; // it has ended already
  }
}
