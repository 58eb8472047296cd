// The roles as pm2 apps, on the production build (npm run build):
//
//   pm2 start ecosystem.config.js                         all roles on one machine
//   pm2 start ecosystem.config.js --only beepro-worker    one role, as on a sealing machine
//   pm2 reload ecosystem.config.js                        after an upgrade; running sealers go on and are adopted
//
// Addresses and references to secrets (BEEPRO_MYSQL_URL, BEEPRO_MYSQL_PASSWORD_FILE, …) belong into the file that
// BEEPRO_ENV_FILE names, /etc/beepro/beepro.env by default. Node.js reads it itself: what stands in the environment of
// `pm2 start` is written to pm2's dump file, and a secret must not be.
//
// pm2's own systemd unit ends everything in its control group when it is stopped, sealers included: give it
// `KillMode=process` (systemctl edit pm2-USER).
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
const lockedNode = join(root, 'node_modules', `node-linux-${process.arch}`, 'bin/node');
const envFile = process.env.BEEPRO_ENV_FILE ?? '/etc/beepro/beepro.env';

/**
 * @param {string} role as in `beepro run ROLE`
 * @param {Record<string, unknown>} options
 */
function app(role, options = {}) {
  return {
    name: `beepro-${role}`,
    cwd: root,
    script: 'dist/src/cli/main.js',
    args: ['run', role],
    interpreter: existsSync(lockedNode) ? lockedNode : process.execPath,
    // Half of a role's memory is V8's and malloc's reserve unless they are told; 150 MB resident is the aim
    // (npm run bench:memory).
    interpreter_args: [
      '--max-semi-space-size=4',
      '--max-old-space-size=128',
      '--optimize-for-size',
      `--env-file-if-exists=${envFile}`,
    ],
    // One instance, in fork mode: a role runs once on a machine, and its parts share no port.
    instances: 1,
    exec_mode: 'fork',
    // pm2 would otherwise kill every descendant of the role, and with it hours of a sealer's work.
    treekill: false,
    // A role hands over its leases and finishes its transactions when it is asked to stop.
    kill_timeout: 30_000,
    exp_backoff_restart_delay: 200,
    merge_logs: true,
    env: {
      NODE_ENV: 'production',
      MALLOC_ARENA_MAX: '2',
      BEEPRO_SEALER_BIN: process.env.BEEPRO_SEALER_BIN ?? join(root, 'dist/bin/beepro-sealer'),
    },
    ...options,
  };
}

// pm2 loads this file with require(), which gives a module's named exports (Node.js 20.19 and later).
export const apps = [app('sealing'), app('worker'), app('ui')];
