import type { Command } from 'commander';
import { type ListenAddress, listenArgument } from '../arguments.ts';
import { type LogOptions, runRole, withLogFile } from '../run-role.ts';
import { configureDevnet } from './devnet.ts';

const UI_LISTEN: ListenAddress = { host: '127.0.0.1', port: 8840 };

export function registerRun(program: Command): void {
  const run = program
    .command('run')
    .description(
      'run a role in the foreground, until SIGTERM or Ctrl-C; each brings the database up to date first',
    )
    .addHelpText(
      'after',
      `
A role writes one JSON line an event to stdout (BEEPRO_LOG_LEVEL=debug for more), for people on a terminal.
Under pm2: pm2 start ecosystem.config.js

Examples:
  beepro run sealing
  beepro run worker --workspace /nvme/sealing
  beepro run ui --listen 127.0.0.1:8840`,
    );

  withLogFile(run.command('sealing'))
    .description(
      'coordinate sectors, messages and queues; once in a fleet, or more often to survive its loss',
    )
    .action((options: LogOptions) =>
      runRole('sealing', options, async (log, signal) => (await import('#roles')).runSealing(log, signal)),
    );

  withLogFile(run.command('worker'))
    .description('the agent of a sealing machine; it takes nothing until it has limits (beepro worker limit)')
    .option('--name <name>', "unique in the fleet (BEEPRO_WORKER_NAME, else the host's name)")
    .option(
      '--workspace <dir>',
      'the fast local disk that sectors are sealed on (workspace in the state folder)',
    )
    .action((options: LogOptions & { name?: string; workspace?: string }) =>
      runRole('worker', options, async (log, signal) =>
        (await import('#roles')).runWorker(options, log, signal),
      ),
    );

  withLogFile(run.command('ui'))
    .description(
      'the web page with Bull Board, behind a login whose password stands in a file of the state folder',
    )
    .option('--listen <host:port>', 'where (127.0.0.1:8840); port 0 lets the system choose', listenArgument)
    .option('--address-file <file>', 'a file that gets the address of the page')
    .action((options: LogOptions & { listen?: ListenAddress; addressFile?: string }) =>
      runRole('ui', options, async (log, signal) => {
        const { runUi } = await import('#web');
        return runUi({ listen: options.listen ?? UI_LISTEN, addressFile: options.addressFile }, log, signal);
      }),
    );

  configureDevnet(run.command('devnet')).description('the same as `beepro devnet`');
}
