export {
  EVENT_TYPES,
  EVENTS,
  type EventOf,
  type SectorEvent,
  type SectorEventType,
  type Stake,
} from './events.ts';
export {
  FULL_RETRY,
  isBound,
  type RetryScale,
  type Rules,
  type RunRequest,
  type SectorChange,
  type SectorFacts,
  type Transition,
} from './facts.ts';
export { HOST_LOST, REHOMINGS, type Rehoming, rehome } from './host-lost.ts';
export { backoffMs, type FailureKind, failureKind, RECOVERIES, type Recovery, triesOf } from './recovery.ts';
export { renderStatesPage } from './render-states-page.ts';
export { SEALING_PHASES } from './step.ts';
export { TABLE } from './table.ts';
export { type Outcome, transition } from './transition.ts';
