/** Proofs of spacetime: what must be proven, and when. Decisions only; they take the chain's answers as they are. */
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
