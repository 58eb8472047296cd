export { pieceStoreFolder } from './piece-store-folder.ts';
export { type RunningRole, runUntilStopped } from './process-lifetime.ts';
export {
  type ConnectionPlan,
  openRoleModules,
  type RoleModules,
  WORKER_CONNECTIONS,
} from './role-modules.ts';
export { runSealing } from './run-sealing.ts';
export { runWorker, type WorkerCommand } from './run-worker.ts';
export { type BatchLine, type BatchOutlook, chainNodesDuty, readBatchOutlook } from './sealing/index.ts';
export { whenServersAnswer } from './when-servers-answer.ts';
export {
  agentSettings,
  type RunningWorker,
  startWorker,
  type WorkerRoleModules,
  type WorkerRoleOptions,
} from './worker/index.ts';
