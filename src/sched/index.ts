export { type Choice, chooseNext, PHASE_ORDER } from './choose-next.ts';
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
export { decidePledges, type PledgeDecision, type PledgingFleet, type PledgingMiner } from './pledge.ts';
export { refuseForScratch } from './scratch.ts';
