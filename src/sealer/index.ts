export { C2Memo, porepParametersIdentity } from './c2-memo.ts';
export { makeFolderDurably, readJson, removeDurably, writeJsonDurably } from './durable-file.ts';
export {
  OP_RESULTS,
  type OpName,
  type OpParams,
  type OpResult,
  type PostSector,
  type SealerPiece,
  type SealerSector,
} from './ops.ts';
export { identityOf, isAlive, type ProcessIdentity, pidNamespace, readBootId } from './process-identity.ts';
export { ResidentSealer } from './resident-sealer.ts';
export { type JournalledRun, type RunIntent, RunJournal, type RunOutcome } from './run-journal.ts';
export { type Answer, type RequestOptions, SealerClient } from './sealer-client.ts';
export type { SealerCores } from './sealer-cores.ts';
export {
  type SealerClass,
  type SealerLease,
  SealerPool,
  type SealerPoolOptions,
  type SealerReservation,
  type SealerSeat,
} from './sealer-pool.ts';
export {
  endSealerProcess,
  type RunningSealer,
  type SealerPlace,
  type SealerProgram,
  startSealerProcess,
} from './sealer-process.ts';
export { type Hello, PROTOCOL_VERSION, type Progress } from './wire.ts';
