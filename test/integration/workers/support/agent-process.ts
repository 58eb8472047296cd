import { openSettings } from '#config';
import { openDatabase } from '#db';
import { createLogger } from '#log';
import { QueueBus } from '#queues';
import { agentSettings, whenServersAnswer } from '#roles';
import { HostAgent } from '#workers';
import { ChainDouble } from './chain-double.ts';

/**
 * One agent in a process of its own, for suites that kill it. `AGENT_OPTIONS` is JSON: name, stateDir, workspaceDir,
 * databaseUrl, redisUrl, redisPrefix, sealerBin. It waits for servers that are away, as the worker role does. Says
 * `ready` on stdout.
 */
const options = JSON.parse(process.env.AGENT_OPTIONS ?? '{}');
const log = createLogger({ role: 'worker', pretty: false, level: process.env.BEEPRO_LOG_LEVEL ?? 'warn' });
const { database, bus, settings } = await whenServersAnswer(
  async () => {
    const database = openDatabase({
      url: options.databaseUrl,
      passwordFile: process.env.BEEPRO_MYSQL_PASSWORD_FILE,
    });
    const settings = await openSettings({ database });
    const bus = await QueueBus.open({
      url: options.redisUrl,
      prefix: options.redisPrefix,
      name: options.name,
    });
    return { database, bus, settings };
  },
  { log },
);
const agent = await HostAgent.start(
  {
    name: options.name,
    stateDir: options.stateDir,
    workspaceDir: options.workspaceDir,
    version: 'test',
    stream: options.stream,
  },
  {
    database,
    bus,
    chain: new ChainDouble(database),
    settings: agentSettings(settings, options.name),
    log,
    sealers: {
      program: { bin: options.sealerBin, allowFaults: process.env.BEEPRO_SEALER_FAULT !== undefined },
      idleExitS: 30,
    },
    onFatal: ({ code }) => {
      process.stderr.write(`${code}\n`);
      process.exit(1);
    },
  },
);
process.once('SIGTERM', async () => {
  await agent.stop();
  process.exit(0);
});
process.stdout.write('ready\n');
