export { type Choice, chooseNext, PHASE_ORDER } from './choose-next.ts';
export type { Candidate, HostView, Refusal, RefusalCode, ResourceGate } from './host-view.ts';
