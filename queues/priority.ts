/** BullMQ's range; 0 would overtake every prioritised job, and lower numbers go first. */
export const MIN_PRIORITY = 1;
export const MAX_PRIORITY = 2_097_151;

/** Of a job without a deadline. */
export const DEFAULT_PRIORITY = 1_000_000;

/**
 * Epochs in one bucket: jobs whose deadlines lie within the same hour (120 epochs of 30 s) go by age.
 * Epochs themselves, about 6.5 million on mainnet, do not fit BullMQ's range; distances in buckets do.
 */
const BUCKET_EPOCHS = 120;

/**
 * The priority of a job that is worthless after `epochsLeft` more epochs: the nearer, the lower. Overdue is 1.
 * Undefined: no deadline.
 */
export function urgencyPriority(epochsLeft: number | undefined): number {
  if (epochsLeft === undefined) return DEFAULT_PRIORITY;
  const bucket = Math.floor(Math.max(epochsLeft, 0) / BUCKET_EPOCHS);
  return Math.min(MIN_PRIORITY + bucket, DEFAULT_PRIORITY - 1);
}

/** Any number as a priority that BullMQ takes. */
export function clampPriority(priority: number): number {
  if (!Number.isFinite(priority)) return DEFAULT_PRIORITY;
  return Math.min(Math.max(Math.trunc(priority), MIN_PRIORITY), MAX_PRIORITY);
}
