export {
  drawingEntry,
  electionInput,
  ticketInput,
  winningPoStChallenge,
} from './election.ts';
export { type BlockClaim, ForkGuard, type ForkGuardOptions } from './fork-guard.ts';
export {
  type ForkReason,
  type ForkVerdict,
  forkVerdict,
  type OwnBlock,
  type WantedBlock,
} from './fork-rules.ts';
export {
  type BaseBlock,
  type BaseTipSet,
  chooseBase,
  type MiningBase,
  refreshBase,
  smallestTicket,
} from './mining-base.ts';
export { epochToMine, type MiningPace, type MiningTimes, miningTimes } from './timeline.ts';
export { Watermark } from './watermark.ts';
export { BLOCKS_PER_EPOCH, expectedWins, MAX_WIN_COUNT, poissonTails, winCount } from './win-count.ts';
