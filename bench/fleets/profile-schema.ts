/** One form for both: the replay sealer plays what the simulation draws from. */
export { drawDuration, type PhaseSpeed, type Profile, parseProfile, profileSchema } from '#replay';
