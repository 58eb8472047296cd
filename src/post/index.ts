/** Keeping sectors proven and mining with them: pure decisions first, effects in the roles. */
export {
  comingDeadlines,
  type DeadlineTimes,
  type ProvingDeadlineAnswer,
} from './window/deadline-times.ts';
export {
  type DeadlineProofPlan,
  type DeadlineState,
  type PartitionPassedOver,
  type PartitionProofPlan,
  type PartitionState,
  type ProvingStage,
  planProofs,
} from './window/plan-proofs.ts';
export { DECLARATION_LIMITS, planRecoveries, type RecoveryPlan } from './window/plan-recoveries.ts';
export * from './winning/index.ts';
