export { precommit2First } from './balance.ts';
export { type Choice, chooseNext, PHASE_ORDER, phaseOrder } from './choose-next.ts';
export { type DevicePlace, freeSlots, keepForPost, placeOnDevice } from './devices.ts';
export { type HostReport, hostReport } from './host-report.ts';
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
export { refuseForMemory } from './memory.ts';
export { type PaceRule, paceOpensInMs, refuseForPace } from './pace.ts';
export { decidePledges, type PledgeDecision, type PledgingFleet, type PledgingMiner } from './pledge.ts';
export { refuseForScratch } from './scratch.ts';
