export { type Choice, chooseNext, PHASE_ORDER } from './choose-next.ts';
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
export { type PaceRule, refuseForPace } from './pace.ts';
export { decidePledges, type PledgeDecision, type PledgingFleet, type PledgingMiner } from './pledge.ts';
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
