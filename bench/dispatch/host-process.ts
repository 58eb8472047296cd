import pLimit from 'p-limit';
import { type HostObject, type HostOptions, startHost } from './host-object.ts';

/** What the benchmark tells a process that holds hosts. */
export interface HostProcessOrder extends Omit<HostOptions, 'name'> {
  readonly names: readonly string[];
}

/** Hosts that start at once in one process. */
const STARTS_AT_ONCE = 8;

/** A part of the fleet in one process, told by messages: an order to start, then `stop`. Says `ready` and `stopped`. */
const hosts: HostObject[] = [];

process.on('message', (message: HostProcessOrder | 'stop') => {
  const work = message === 'stop' ? stop() : start(message);
  work.catch((error: unknown) => {
    process.stderr.write(`${(error as Error).stack}\n`);
    process.exit(1);
  });
});

async function start({ names, ...options }: HostProcessOrder): Promise<void> {
  const limit = pLimit(STARTS_AT_ONCE);
  hosts.push(...(await Promise.all(names.map((name) => limit(() => startHost({ ...options, name }))))));
  process.send?.('ready');
}

async function stop(): Promise<void> {
  await Promise.allSettled(hosts.map((host) => host.close()));
  process.send?.('stopped');
  process.disconnect();
  setTimeout(() => process.exit(0), 500);
}
