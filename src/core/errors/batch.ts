import { defineErrors } from './define.ts';

/** Batches: several sectors in one message. */
export const BATCH_ERRORS = defineErrors({
  BATCH_AGGREGATE_INVALID: {
    severity: 'permanent',
    message: 'The aggregate of the proofs of {sectors} sectors does not verify',
    cure: 'It is not sent; the proofs go one by one. If it happens again, check the SRS file with `beepro params verify`.',
  },
});
