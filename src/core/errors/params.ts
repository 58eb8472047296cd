import { defineErrors } from './define.ts';

/** Proof parameters: the cache folder, fetching, generating, and whether a network may use them. */
export const PARAMS_ERRORS = defineErrors({
  PARAMS_FOLDER_UNWRITABLE: {
    severity: 'fatal',
    message: 'The folder of proof parameters {folder} cannot be written: {detail}',
    cure: 'Make it writable for this user, or set FIL_PROOFS_PARAMETER_CACHE to a folder that is.',
  },
  PARAMS_FOLDER_UNREADABLE: {
    severity: 'fatal',
    message: '{path} cannot be read: {detail}',
    cure: 'Check who owns the folder of proof parameters, and the disk below it.',
  },
  PARAMS_BUSY: {
    severity: 'temporary',
    message: 'Another process is fetching into {folder}',
    cure: 'Wait until it has ended; what it fetches need not be fetched again.',
  },
  PARAMS_UNREACHABLE: {
    severity: 'temporary',
    message: 'The parameter server did not answer: {url}: {detail}',
    cure: 'Check the network, or name another gateway with --gateway. For devnets of 2KiB and 8MiB sectors `beepro params generate` needs no server.',
  },
  PARAMS_STALLED: {
    severity: 'temporary',
    message: 'The parameter server sent nothing for {ms} ms: {url}',
    cure: 'Run the command again: it goes on where it stopped. If it stalls again, name another gateway with --gateway.',
  },
  PARAMS_HTTP_STATUS: {
    severity: 'temporary',
    message: 'The parameter server answered {status} for {name}: {url}',
    cure: 'Try again later, or name another gateway with --gateway.',
  },
  PARAMS_NOT_AT_GATEWAY: {
    severity: 'permanent',
    message: 'The gateway does not have {name}: {url}',
    cure: 'Name another gateway with --gateway; the default is https://proofs.filecoin.io/ipfs/.',
  },
  PARAMS_DIGEST_MISMATCH: {
    severity: 'permanent',
    message: '{name} came with the digest {digest} and not the published {expected}',
    cure: 'What was fetched is deleted. Fetch it again, from another gateway if this one sends the wrong file.',
  },
  PARAMS_NO_SPACE: {
    severity: 'temporary',
    message: '{name} needs {needed} bytes, {available} are free in {folder}',
    cure: 'Free space there, or set FIL_PROOFS_PARAMETER_CACHE to a folder on a larger disk.',
  },
  PARAMS_NOT_GENERATED: {
    severity: 'permanent',
    message: 'Parameters of {size} sectors are fetched, never generated',
    cure: 'Run `beepro params fetch --sector-size {size}`; only 2KiB and 8MiB sets are generated.',
  },
  PARAMS_GENERATION_FAILED: {
    severity: 'temporary',
    message: 'Generating the {kind} parameters failed ({reason}): {detail}',
    cure: 'Try again; nothing half-made is left behind. A generation needs the sealer program, 0.5 GB of memory and up to 1.5 GB of disk.',
  },
  PARAMS_FOREIGN_FILE: {
    severity: 'permanent',
    message: 'A file of the {kind} set was not generated here: {detail}',
    cure: 'Fetch the rest of the published set, or `beepro params remove` that file and generate the whole set.',
  },
  PARAMS_IN_THE_WAY: {
    severity: 'permanent',
    message: '{name} is there and is not the published file ({state})',
    cure: 'Fetch with --replace to put the published set in its place, or `beepro params remove` it first.',
  },
  PARAMS_INCOMPLETE: {
    severity: 'permanent',
    message: 'The {kind} parameters of {size} in {folder} cannot be completed: {detail}',
    cure: 'Look at `beepro params list`, `beepro params remove` the files that do not belong, and run this again.',
  },
  PARAMS_UNKNOWN_FILE: {
    severity: 'permanent',
    message: 'No proof parameter file is called {name}',
    cure: '`beepro params list` shows the names.',
  },
  PARAMS_ABSENT: {
    severity: 'permanent',
    message: '{name} is not in {folder}',
    cure: 'Fetch or generate it first.',
  },
  PARAMS_REFUSED: {
    severity: 'fatal',
    message: 'The proof parameters in {folder} cannot be used on {network}: {detail}',
    cure: '`beepro params list` shows the state of each; fetch what is missing, and trust or replace the others.',
  },
  PARAMS_TRUST_REFUSED: {
    severity: 'permanent',
    message: '{name} cannot be trusted on {network}: {detail}',
    cure: 'Remove it and fetch the published file.',
  },
  PARAMS_RECORDS_UNREADABLE: {
    severity: 'permanent',
    message: '{path} is not a record of generated parameters: {detail}',
    cure: 'Remove that file; what it recorded then counts as unknown.',
  },
});
