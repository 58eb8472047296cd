import { defineErrors } from './define.ts';

export const PIECE_ERRORS = defineErrors({
  PIECE_EMPTY: {
    severity: 'permanent',
    message: '{path} is empty, and a piece needs at least one byte',
    cure: 'Leave it out; nothing was added for it.',
  },
  PIECE_TOO_LARGE: {
    severity: 'permanent',
    message: '{path} needs a piece of {padded} bytes, and a sector of miner {miner} holds {sector}',
    cure: 'Split the file into parts of at most {payload} bytes each, or add it for a miner with larger sectors.',
  },
  PIECE_NOT_A_FILE: {
    severity: 'permanent',
    message: '{path} is no regular file that can be read: {detail}',
    cure: 'Name a file, or a folder of files, that this user may read.',
  },
  PIECE_NOT_A_CAR: {
    severity: 'permanent',
    message: '{path} is no CAR file: {detail}',
    cure: 'Make it with a CAR tool, or add it as it is, without --car.',
  },
  PIECE_UNKNOWN: {
    severity: 'permanent',
    message: 'There is no piece {cid}',
    cure: 'See "beepro piece list" for the pieces that were added here.',
  },
  PIECE_NOT_RETRIEVABLE: {
    severity: 'temporary',
    message: 'Piece {cid} cannot be retrieved now: {detail}',
    cure: 'Wait until its sector has landed; "beepro piece show" says where it stands.',
  },
  PIECE_DATA_DIFFERS: {
    severity: 'permanent',
    message: 'What was read for piece {cid} from {path} is not what was added: its digest differs',
    cure: 'Retrieve it from the sealed sector with --unseal; check the disk that holds the other copy.',
  },
  PIECE_WRITTEN_ELSEWHERE: {
    severity: 'permanent',
    message: 'Worker {worker} has written {path}, which this machine does not see',
    cure: 'Take the file from that machine, or name with --out a path on storage that every worker sees.',
  },
  PIECE_STILL_UNSEALING: {
    severity: 'temporary',
    message: 'Unsealing sector {sector} has not finished within {ms} ms, and goes on',
    cure: 'Run the same command again: it waits for the unsealing that runs already. Where none begins, give a worker room with worker.limit.unseal.',
  },
  PIECE_UNSEAL_FAILED: {
    severity: 'permanent',
    message: 'Unsealing sector {sector} has failed too often, the last time with {code}: {detail}',
    cure: 'Look at the log of the worker that tried it; the landed files may be damaged.',
  },
});
