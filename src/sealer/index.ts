export { C2Memo, porepParametersIdentity } from './c2-memo.ts';
export { makeFolderDurably, readJson, removeDurably, writeJsonDurably } from './durable-file.ts';
export { LineReader } from './line-reader.ts';
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
export { takenMemory } from './process-memory.ts';
export { ResidentSealer } from './resident-sealer.ts';
export { type JournalledRun, type RunIntent, RunJournal, type RunOutcome } from './run-journal.ts';
export { type Answer, type RequestOptions, SealerClient, type SealerConnection } from './sealer-client.ts';
export type { SealerCores } from './sealer-cores.ts';
export { sealerError } from './sealer-error.ts';
export {
  type SealerClass,
  type SealerLease,
  SealerPool,
  type SealerPoolOptions,
  type SealerReservation,
  type SealerSeat,
  type Sealers,
} from './sealer-pool.ts';
export {
  endProcess,
  endSealerProcess,
  type RunningSealer,
  type SealerPlace,
  type SealerProgram,
  startSealerProcess,
} from './sealer-process.ts';
export {
  isReplayNetwork,
  isStandInProof,
  refuseStandIn,
  STAND_IN_MARK,
  type StandIn,
  type StandInClaim,
  standInProof,
} from './stand-in.ts';
export { type Hello, MAX_LINE, PROTOCOL_VERSION, type Progress } from './wire.ts';
