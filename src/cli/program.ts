import { Command, type OutputConfiguration } from 'commander';
import { programVersion } from '#core';
import { registerAudit } from './commands/audit.ts';
import { registerBatch } from './commands/batch.ts';
import { registerChain } from './commands/chain.ts';
import { registerDb } from './commands/db.ts';
import { registerDevnet } from './commands/devnet.ts';
import { registerFee } from './commands/fee.ts';
import { registerMessage } from './commands/message.ts';
import { registerMiner } from './commands/miner.ts';
import { registerParams } from './commands/params.ts';
import { registerPiece } from './commands/piece.ts';
import { registerPledge } from './commands/pledge.ts';
import { registerQueue } from './commands/queue.ts';
import { registerRun } from './commands/run.ts';
import { registerSched } from './commands/sched.ts';
import { registerSector } from './commands/sector.ts';
import { registerSetting } from './commands/setting.ts';
import { registerStorage } from './commands/storage.ts';
import { registerWallet } from './commands/wallet.ts';
import { registerWhy } from './commands/why.ts';
import { registerWorker } from './commands/worker.ts';
import { EXIT } from './exit-codes.ts';

const AFTER = `
Exit codes:
  ${EXIT.ok}  done
  ${EXIT.refused}  refused: it cannot be carried out as things stand; the message says what to do
  ${EXIT.usage}  the words of the command are wrong
  ${EXIT.notFound}  what it was asked about does not exist
  ${EXIT.temporary}  a server could not be reached, or a time limit passed: trying again may succeed

Environment:
  BEEPRO_MYSQL_URL  mysql://user@host/database, or …@localhost/database?socketPath=/run/mysqld/mysqld.sock
  BEEPRO_REDIS_URL  redis://host:6379, unix:///run/redis.sock, redis-sentinel://…, redis-cluster://…
  BEEPRO_MYSQL_PASSWORD_FILE, BEEPRO_REDIS_PASSWORD_FILE  files with the passwords
  BEEPRO_STATE_DIR  this machine's journals, locks, logs and stored pieces (.state)
  BEEPRO_SEALER_BIN  the sealer program
  BEEPRO_WORKER_NAME  this machine's name in the fleet (its host name)
  BEEPRO_WEB_PASSWORD_FILE  the web page's password (web-password in the state folder, made at random)
  BEEPRO_LOG_LEVEL  trace, debug, info, warn or error (info)
  FIL_PROOFS_PARAMETER_CACHE  the proof parameters (/var/tmp/filecoin-proof-parameters)

Examples:
  beepro chain add http://10.0.0.5:1234/rpc/v1 --token file:/etc/beepro/lotus.token
  beepro miner add t01000
  beepro sector pledge --miner t01000 --count 10
  beepro sector list --state Parked
  beepro worker limit host-a precommit1 4
  beepro pledge on --miner t01000
  beepro sched`;

/**
 * The command line. Building it loads no more than names and texts: a command's modules are imported when it runs, so
 * that help is instant and a role holds only what it uses.
 */
export function buildProgram(output: OutputConfiguration = {}): Command {
  // What a command inherits (how it exits, how it writes) is set before the first is made.
  const program = new Command('beepro')
    .description('Seals Filecoin sectors on a fleet of machines and keeps them proven.')
    .version(programVersion(), '--version', 'print the version')
    .helpOption('-h, --help', 'print this help, or that of a command')
    .helpCommand('help [command]', 'print the help of a command')
    .exitOverride()
    .configureHelp({ helpWidth: 110 })
    .configureOutput(output)
    .addHelpText('after', AFTER);
  registerRun(program);
  registerDevnet(program);
  registerChain(program);
  registerMiner(program);
  registerSector(program);
  registerPiece(program);
  registerPledge(program);
  registerWhy(program);
  registerSched(program);
  registerWorker(program);
  registerSetting(program);
  registerStorage(program);
  registerQueue(program);
  registerBatch(program);
  registerMessage(program);
  registerFee(program);
  registerWallet(program);
  registerParams(program);
  registerAudit(program);
  registerDb(program);
  return program;
}
