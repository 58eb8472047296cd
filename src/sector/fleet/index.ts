export { explainWaiting, type WaitExplanation, type WaitingJob } from './explain-waiting.ts';
export { type PledgingFacts, type PledgingState, readPledging } from './pledging.ts';
export { readFleet } from './read-fleet.ts';
