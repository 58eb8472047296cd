export { COMMIT } from './commit-activity.ts';
export type { SealingModules } from './modules.ts';
export { outsourceDuty } from './outsource-duty.ts';
export { incomingPiecesDuty, piecesDuty, sealedCopiesDuty } from './pieces-duty.ts';
export { pledgeDuty } from './pledge-duty.ts';
export { PRECOMMIT } from './precommit-activity.ts';
export { isLost, rehomeDuty } from './rehome-duty.ts';
export { type Coordinator, coordinatorDuties, type ExtraDuty, startSealing } from './start-sealing.ts';
