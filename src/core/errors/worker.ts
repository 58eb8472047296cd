import { defineErrors } from './define.ts';

/** The host agent. */
export const WORKER_ERRORS = defineErrors({
  WORKER_NAME_INVALID: {
    severity: 'fatal',
    message: '"{name}" cannot be the name of a worker',
    cure: 'Use letters, digits, dot, dash and underscore, at most 63 characters (`--name`).',
  },
  WORKER_NAME_TAKEN: {
    severity: 'fatal',
    message: 'Another agent runs as worker {name}: {detail}',
    cure: 'Stop that one first, or start this one under another name. Two machines must never share a name: both would work on the same sectors.',
  },
  WORKER_STATE_IN_USE: {
    severity: 'fatal',
    message: 'Another agent on this machine uses the state folder {path}',
    cure: 'Run one worker for each state folder.',
  },
  WORKER_LEASE_LOST: {
    severity: 'fatal',
    message: 'This agent no longer holds the lease of worker {name}',
    cure: 'It stopped taking work at once; running sealers go on and are taken over by the next agent. Restart it.',
  },
  WORKER_CRASHED: {
    severity: 'temporary',
    message: 'The agent or its sealer died during {phase}: {detail}',
    cure: 'The phase is started again. If it returns, look at the worker’s log and the kernel’s.',
  },
  WORKER_HARDWARE_UNKNOWN: {
    severity: 'permanent',
    message: 'Worker {name} has not said what its machine has',
    cure: 'Start it with this version once: it looks at its memory, cores, devices and disk when it registers.',
  },
  WORKER_TIME_LIMIT: {
    severity: 'temporary',
    message: '{phase} ran longer than its limit of {seconds} s',
    cure: 'It was ended and is tried again; raise the phase’s time limit if this machine is that slow.',
  },
  WORKER_STREAM_FAILED: {
    severity: 'temporary',
    message: 'C1’s output could not be fetched from {source} at {address}: {detail}',
    cure: 'It is tried again, there or on its own worker. Check that both workers run, reach each other and read the same secret (BEEPRO_WORKER_LISTEN, BEEPRO_WORKER_SECRET_FILE), or set c2.share_dir.',
  },
  WORKER_LISTEN_FAILED: {
    severity: 'fatal',
    message: 'The worker cannot listen on {address}: {detail}',
    cure: 'Choose another address for BEEPRO_WORKER_LISTEN; port 0 lets the system choose.',
  },
  WORKER_LISTEN_UNSAFE: {
    severity: 'fatal',
    message: 'The worker would serve other machines on {address} without a secret',
    cure: 'Put one secret into a file on each worker’s machine and name it in BEEPRO_WORKER_SECRET_FILE, or listen on 127.0.0.1.',
  },
  WORKER_SECRET_INVALID: {
    severity: 'fatal',
    message: 'The secret that workers share is shorter than {min} characters',
    cure: 'Write a longer one into the file of BEEPRO_WORKER_SECRET_FILE, the same on every worker: openssl rand -hex 32.',
  },
  WORKER_ALIVE: {
    severity: 'permanent',
    message: 'Worker {name} is alive and {detail}',
    cure: 'Drain it and wait until it holds nothing, or force it: then its work goes on elsewhere as if its machine were lost.',
  },
  WORKER_PRECONDITION: {
    severity: 'temporary',
    message: '{phase} cannot start yet: {detail}',
    cure: 'It is tried again with back-off.',
  },
});
