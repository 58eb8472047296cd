import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { readProfile } from './profile.ts';
import { ReplayMachine } from './replay-machine.ts';
import { ReplayRuns } from './replay-runs.ts';
import { ReplayServer } from './replay-server.ts';
import { RunStore } from './run-store.ts';

/**
 * The replay sealer as a program: the command line of `beepro-sealer` as far as an agent uses it.
 *
 *   serve --socket PATH --log FILE [--state DIR] [--idle-exit-s N] [--exit-when-forgotten] [--daemonize]
 *   version
 *
 * `BEEPRO_REPLAY_PROFILE` names the profile's file, `BEEPRO_REPLAY_SPEED` how much faster than life it plays (1),
 * `BEEPRO_REPLAY_SEED` what the chances follow from.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    socket: { type: 'string' },
    log: { type: 'string' },
    state: { type: 'string' },
    'idle-exit-s': { type: 'string' },
    'exit-when-forgotten': { type: 'boolean' },
    daemonize: { type: 'boolean' },
    'allow-faults': { type: 'boolean' },
  },
});

const print = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

try {
  await main();
} catch (error) {
  const { code, message } = error as { code?: string; message: string };
  print({ error: { code: code ?? 'bad_request', message } });
  process.exitCode = code === 'in_use' ? 3 : 1;
}

async function main(): Promise<void> {
  switch (positionals[0]) {
    case 'version':
      print({ program: 'beepro-replay-sealer', version: '0.1.0', ...machine().capabilities() });
      return;
    case 'serve':
      await (values.daemonize ? daemonize() : serve());
      return;
    default:
      throw new Error('usage: serve --socket PATH --log FILE [--state DIR] | version');
  }
}

function machine(): ReplayMachine {
  const { BEEPRO_REPLAY_PROFILE: path, BEEPRO_REPLAY_SPEED: speed, BEEPRO_REPLAY_SEED: seed } = process.env;
  if (!path) throw new Error('BEEPRO_REPLAY_PROFILE is not set: the file of the profile to play');
  const factor = Number(speed ?? '1');
  if (!(factor > 0)) throw new Error(`BEEPRO_REPLAY_SPEED must be a number above 0, not ${speed}`);
  return new ReplayMachine({ profile: readProfile(path), speed: factor, seed: seed ?? '' });
}

/** A server in a session of its own, whose starter ends at once: nobody's child, as the sealer is. */
async function daemonize(): Promise<void> {
  const log = values.log ?? '/dev/null';
  mkdirSync(dirname(log), { recursive: true });
  const errors = openSync(log, 'a', 0o600);
  const args = process.argv.slice(2).filter((word) => word !== '--daemonize');
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1] ?? '', ...args], {
    detached: true,
    stdio: ['ignore', 'pipe', errors],
  });
  if (!child.stdout) throw new Error('it has no output');
  const lines = createInterface({ input: child.stdout });
  const [line] = await Promise.race([once(lines, 'line'), once(child, 'exit').then(() => [undefined])]);
  if (typeof line !== 'string') throw new Error(`it ended before it listened; see ${log}`);
  process.stdout.write(`${line}\n`);
  if (line.startsWith('{"error"')) process.exitCode = 1;
  // Not waited for any more: its pipe closes with this process, and it writes to it no more.
  child.stdout.destroy();
  child.unref();
}

async function serve(): Promise<void> {
  const { socket } = values;
  if (!socket) throw new Error('--socket is missing');
  process.on('SIGHUP', () => undefined);
  const log = (text: string) => {
    const line = `${new Date().toISOString()} ${text}\n`;
    if (values.log) appendFileSync(values.log, line, { mode: 0o600 });
  };
  const played = machine();
  const { profile, speed } = played.options;
  log(`replay sealer: a STAND-IN that plays ${profile.name} at 1:${speed}; nothing it gives is a proof`);
  const crash = () => {
    log('plays a crash (stand-in)');
    process.kill(process.pid, 'SIGKILL');
    throw new Error('killed');
  };
  const runs = await ReplayRuns.open(played, new RunStore(values.state ?? `${socket}.state`), crash);
  const idle = values['idle-exit-s'];
  const server = new ReplayServer(played, runs, {
    socket,
    idleExitS: idle === undefined ? undefined : Number(idle),
    exitWhenForgotten: values['exit-when-forgotten'] === true,
    log,
    onEnd: () => process.exit(0),
  });
  await server.listen();
  const { pid, start_time, boot_id, instance } = server.hello;
  print({ pid, start_time, boot_id, socket, instance, stand_in: 'replay' });
}
