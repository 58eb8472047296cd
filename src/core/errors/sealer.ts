import { defineErrors } from './define.ts';

/**
 * `beepro-sealer`'s own codes (`docs/sealer-protocol.md`) in capitals after `SEALER_`, and what its client sees
 * of the process.
 */
export const SEALER_ERRORS = defineErrors({
  SEALER_BAD_REQUEST: {
    severity: 'permanent',
    message: 'The sealer did not understand {op}: {detail}',
    cure: 'Agent and sealer are of different versions; build the sealer again (`npm run demo` does) and restart the worker.',
  },
  SEALER_UNKNOWN_ID: {
    severity: 'temporary',
    message: 'The sealer does not know the run {id}',
    cure: 'The phase is started again.',
  },
  SEALER_ID_CONFLICT: {
    severity: 'permanent',
    message: 'The sealer has another request under the id {id}',
    cure: 'The phase is started again under a new id.',
  },
  SEALER_STILL_RUNNING: {
    severity: 'temporary',
    message: 'The run {id} has not ended',
    cure: 'It is asked again.',
  },
  SEALER_INTERRUPTED: {
    severity: 'temporary',
    message: 'The sealer died during {op}',
    cure: 'The phase is started again. If it returns, look at the sealer’s log and the kernel’s (out of memory?).',
  },
  SEALER_STALE_EPOCH: {
    severity: 'permanent',
    message: 'The sealer obeys a newer agent of this host ({detail})',
    cure: 'Another agent holds this host’s lease. Run one worker for each name and host.',
  },
  SEALER_SECTOR_BUSY: {
    severity: 'temporary',
    message: 'Another run holds the sector’s directory: {detail}',
    cure: 'It is tried again when that run has ended; `beepro worker show` lists what runs.',
  },
  SEALER_SHUTTING_DOWN: {
    severity: 'temporary',
    message: 'The sealer is ending and takes no new run',
    cure: 'The phase is started again in another process.',
  },
  SEALER_STALE_KEY: {
    severity: 'permanent',
    message: 'The cache belongs to another ticket, data, sector or proof type: {detail}',
    cure: 'The sector is sealed again from PreCommit1.',
  },
  SEALER_REPLICA_NOT_FRESH: {
    severity: 'permanent',
    message: 'PreCommit2 needs a replica that PreCommit1 has just restored: {detail}',
    cure: 'PreCommit1 runs again first; finished layers are reused.',
  },
  SEALER_REPLICA_INVALID: {
    severity: 'permanent',
    message: 'Vanilla proofs of the replica do not verify: {detail}',
    cure: 'The sector is sealed again from PreCommit1. If it returns, test the memory and disks of this machine.',
  },
  SEALER_NOT_SEALED: {
    severity: 'permanent',
    message: 'The sector has no finished PreCommit2: {detail}',
    cure: 'The sector is sealed again from PreCommit1.',
  },
  SEALER_DATA_MISMATCH: {
    severity: 'permanent',
    message: 'Data has not the commitment it should have: {detail}',
    cure: 'The stored piece or the replica is damaged. Add the piece again from its source.',
  },
  SEALER_PROOF_INVALID: {
    severity: 'permanent',
    message: 'A proof that was made does not verify: {detail}',
    cure: 'It is made again. If it returns, compare the proof parameters (`beepro params verify`) and test the machine.',
  },
  SEALER_SECTORS_FAULTY: {
    severity: 'permanent',
    message: 'Sectors cannot be proven: {detail}',
    cure: 'Look at their files and storage; the others are proven without them.',
  },
  SEALER_FILE_MISSING: {
    severity: 'permanent',
    message: 'A file is missing: {detail}',
    cure: 'Check that the storage is mounted; otherwise the sector is sealed again.',
  },
  SEALER_WRONG_SIZE: {
    severity: 'permanent',
    message: 'A file or piece has the wrong size: {detail}',
    cure: 'The file is damaged, or belongs to another sector size.',
  },
  SEALER_DIGEST_MISMATCH: {
    severity: 'permanent',
    message: 'A file has not the digest it was recorded with: {detail}',
    cure: 'The step that made it runs again.',
  },
  SEALER_CACHE_CORRUPT: {
    severity: 'permanent',
    message: 'The sector’s cache is damaged: {detail}',
    cure: 'The sector is sealed again from PreCommit1.',
  },
  SEALER_PARAMS_MISSING: {
    severity: 'permanent',
    message: 'A proof parameter file is missing: {detail}',
    cure: 'Run `beepro params fetch` (or `generate` for 2KiB and 8MiB devnets) on this machine.',
  },
  SEALER_PARAMS_CORRUPT: {
    severity: 'permanent',
    message: 'A proof parameter file is unreadable: {detail}',
    cure: 'Run `beepro params verify`, remove the bad file and fetch it again.',
  },
  SEALER_NO_SPACE: {
    severity: 'temporary',
    message: 'The disk is full: {detail}',
    cure: 'Free space in the worker’s workspace, or lower `worker.max-sectors`.',
  },
  SEALER_OUT_OF_MEMORY: {
    severity: 'temporary',
    message: 'The sealer got no memory: {detail}',
    cure: 'Run fewer phases at once on this machine (`beepro worker limit`).',
  },
  SEALER_GPU_LOST: {
    severity: 'temporary',
    message: 'The sealer sees no GPU though one is required: {detail}',
    cure: 'Check `nvidia-smi` and the driver; restart the worker afterwards.',
  },
  SEALER_IO: {
    severity: 'temporary',
    message: 'The sealer could not read or write: {detail}',
    cure: 'Check the disks and mounts of this machine; the phase is tried again.',
  },
  SEALER_PANIC: {
    severity: 'permanent',
    message: 'The proofs library panicked: {detail}',
    cure: 'The phase is started again. If it returns, keep the sealer’s log and report it.',
  },
  SEALER_LIBRARY: {
    severity: 'permanent',
    message: 'The proofs library failed: {detail}',
    cure: 'The step is done again from where its input is sound. If it returns, look at the sealer’s log.',
  },
  SEALER_NOT_INSTALLED: {
    severity: 'fatal',
    message: 'There is no sealer program at {path}',
    cure: 'Build it with `cargo build --release` in sealer/, or set BEEPRO_SEALER_BIN to where it is.',
  },
  SEALER_START_FAILED: {
    severity: 'temporary',
    message: 'The sealer did not start: {detail}',
    cure: 'Run it by hand with `beepro-sealer version`; its log is beside its socket in the worker’s state folder.',
  },
  SEALER_UNREACHABLE: {
    severity: 'temporary',
    message: 'The sealer at {socket} cannot be reached: {detail}',
    cure: 'A new one is started.',
  },
  SEALER_DIED: {
    severity: 'temporary',
    message: 'The sealer ended during {op}: {detail}',
    cure: 'The phase is started again. If it returns, look at the sealer’s log and the kernel’s (out of memory?).',
  },
  SEALER_HUNG: {
    severity: 'temporary',
    message: 'The sealer gave no sign of life for {ms} ms during {op}',
    cure: 'It was ended and the phase is started again; look for a hung disk or mount.',
  },
  SEALER_GARBAGE: {
    severity: 'temporary',
    message: 'The sealer sent something that is no answer: {detail}',
    cure: 'It was ended and the phase is started again. If it returns, build the sealer again.',
  },
  SEALER_PROTOCOL: {
    severity: 'permanent',
    message: 'The sealer speaks another protocol: {detail}',
    cure: 'Build the sealer of this version of BeePro and restart the worker.',
  },
  SEALER_CANCELLED: {
    severity: 'temporary',
    message: 'The run was cancelled',
    cure: 'Somebody else has the phase now, or the sector went another way; nothing needs to be done.',
  },
  SEALER_MEMO_REFUSED: {
    severity: 'fatal',
    message: 'The memo of proofs is refused on the network {network}',
    cure: 'Unset BEEPRO_C2_MEMO_DIR: it is for tests on a devnet that was made for them.',
  },
  SEALER_STAND_IN_REFUSED: {
    severity: 'fatal',
    message:
      'The sealer of this worker is a stand-in ({standIn}) that proves nothing, and a miner is on {network}',
    cure: 'Set BEEPRO_SEALER_BIN to beepro-sealer. A stand-in works only for miners of a chain made for it: `beepro devnet --accept-replay-proofs`.',
  },
});
