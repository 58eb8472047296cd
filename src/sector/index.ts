export { type Applied, applyEvent, type OutboxJob, requireEvent, startRun } from './apply.ts';
export { applyToAll } from './apply-to-all.ts';
export { audit, type Violation } from './audit.ts';
export { commitAndPublish, moveSector, retryScale, type SectorModules } from './change.ts';
export * from './commands/index.ts';
export {
  acceptRun,
  applyFenced,
  deferRun,
  type Fence,
  failLockedRun,
  failRun,
  type RunAnswer,
} from './fence.ts';
export * from './fleet/index.ts';
export * from './machine/index.ts';
export { eventOfResult, PHASE_RESULTS, type PhaseResult, parsePhaseResult } from './phase-results.ts';
export { type PublishOptions, publishJobs } from './publish.ts';
export { jobsOfRun, offerJob } from './run-jobs.ts';
export {
  sharedTicketEpoch,
  type TicketDecision,
  type TicketRules,
  ticketExpired,
  ticketFor,
} from './ticket.ts';
