import { defineErrors } from './define.ts';

/** A whole installation on one machine: the demo, chaos runs, benchmarks. */
export const LOCAL_ERRORS = defineErrors({
  LOCAL_ROLE_FAILED: {
    severity: 'permanent',
    message: 'The process of {role} failed: {detail}',
    cure: 'Its last words are in {log}.',
  },
  LOCAL_SEALING_FAILED: {
    severity: 'permanent',
    message: 'Sector {sector} did not reach Proving: {detail}',
    cure: 'Look at the logs in {logs}; `beepro sector log {sector}` tells what happened to it.',
  },
  LOCAL_RETRIEVAL_FAILED: {
    severity: 'permanent',
    message: 'What was got back of {file} is not what was sealed: SHA-256 {actual}, expected {expected}',
    cure: 'Look at the logs in {logs}; `beepro piece show {cid}` tells where the piece lies.',
  },
});
