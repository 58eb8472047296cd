export { precommit2First } from './balance.ts';
export { type HostPipeline, type PipelineRoom, roomBeforeBottleneck } from './bottleneck.ts';
export { type Choice, chooseNext, PHASE_ORDER, phaseOrder } from './choose-next.ts';
export {
  bindUnit,
  type Core,
  type CoreBinding,
  type CoreUnit,
  type CpuTopology,
  chooseUnit,
  coreUnits,
  libraryUnit,
} from './cores.ts';
export { type DevicePlace, freeSlots, keepForPost, placeOnDevice } from './devices.ts';
export {
  type Candidates,
  candidatesFor,
  type Verdict,
  type VerdictCode,
  verdictOf,
  type WaitingRun,
} from './fleet/candidates.ts';
export { type ClassSummary, summariseClasses } from './fleet/classes.ts';
export type { FleetHost } from './fleet/fleet-host.ts';
export { troubleFirst } from './fleet/order.ts';
export { type SlotView, slotsOf } from './fleet/slots.ts';
export { type HostReport, hostReport } from './host-report.ts';
export type { HostSize, SectorCost } from './host-size.ts';
export type {
  Candidate,
  DeviceView,
  HostView,
  MemoryView,
  PaceView,
  Refusal,
  RefusalCode,
  ScratchView,
  SlotUse,
} from './host-view.ts';
export { memoryNeed, refuseForMemory } from './memory.ts';
export {
  type C2Fleet,
  type C2Host,
  type C2Waiting,
  c2Slots,
  decideOffers,
  type OutsourceDecision,
  type OutsourceMode,
  ownStartMs,
} from './outsource.ts';
export { type PaceRule, refuseForPace } from './pace.ts';
export {
  decidePledges,
  type PledgeDecision,
  type PledgingFleet,
  type PledgingHost,
  type PledgingMiner,
  wantedSectors,
} from './pledge.ts';
export { type MinerAccount, type MinerFunds, shareFunds } from './pledge-funds.ts';
export { readHostReport } from './read-report.ts';
export { refuseForScratch } from './scratch.ts';
export {
  type HeldSector,
  phaseWrites,
  type ScratchNeeds,
  type SectorKind,
  type SectorSpace,
  scratchNeeds,
  sectorPeak,
  sectorSpace,
} from './sector-space.ts';
export { type Proposal, ruleOfThumbSpace, type Suggestion, suggestLimits } from './suggest-limits.ts';
export { type Unreachable, unreachableLimits } from './unreachable-limits.ts';
