export { InProcessSealers } from './in-process-sealers.ts';
export { drawPlay, type Play, type PlayedPhase } from './player.ts';
export {
  drawDuration,
  type PhaseSpeed,
  type Profile,
  parseProfile,
  profileSchema,
  readProfile,
} from './profile.ts';
export { ReplayMachine, type ReplayOptions } from './replay-machine.ts';
