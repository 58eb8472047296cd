import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Environment } from '#config';
import { BeeproError, readSecret } from '#core';
import type { HostAgentOptions } from '#workers';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/;
const EVERYWHERE = /^(0\.0\.0\.0|::)$/;

/**
 * How this worker serves C1's output, by the environment. On loopback the workers of one machine share a secret in
 * their state folder; whoever listens to other machines names the file with the fleet's.
 * @throws BeeproError `WORKER_LISTEN_UNSAFE`, `SECRET_UNREADABLE`
 */
export async function streamOptions(
  environment: Pick<Environment, 'stateDir' | 'workerStream'>,
): Promise<NonNullable<HostAgentOptions['stream']>> {
  const { listen, advertise, secretFile } = environment.workerStream;
  if (secretFile === undefined && !LOOPBACK.test(listen.host)) {
    throw new BeeproError('WORKER_LISTEN_UNSAFE', { address: `${listen.host}:${listen.port}` });
  }
  const secret =
    secretFile === undefined
      ? await machineSecret(environment.stateDir)
      : await readSecret(`file:${secretFile}`);
  const told = advertise ?? (EVERYWHERE.test(listen.host) ? { host: hostname(), port: 0 } : undefined);
  return { ...listen, secret, advertise: told };
}

/** Made by whichever worker of this machine comes first. */
async function machineSecret(stateDir: string): Promise<string> {
  const path = join(stateDir, 'worker-secret');
  const own = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    return await readSecret(`file:${path}`);
  } catch {
    await mkdir(stateDir, { recursive: true });
    await writeFile(own, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
    try {
      await link(own, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      await rm(own, { force: true });
    }
    return (await readFile(path, 'utf8')).trim();
  }
}
