import type { RandomnessTag } from '#codec';
import { LotusError } from '../../lotus-error.ts';
import { tipSetOf } from '../context.ts';
import { defineHandlers } from '../handlers.ts';

export const RANDOMNESS_HANDLERS = defineHandlers({
  StateGetRandomnessFromTickets: (context, tag, epoch, entropy, key) =>
    context.chain.draw('tickets', tag as RandomnessTag, epoch, entropy, tipSetOf(context, key)),
  StateGetRandomnessFromBeacon: (context, tag, epoch, entropy, key) =>
    context.chain.draw('beacon', tag as RandomnessTag, epoch, entropy, tipSetOf(context, key)),
  StateGetRandomnessDigestFromTickets: (context, epoch, key) =>
    context.chain.digest('tickets', epoch, tipSetOf(context, key)),
  StateGetRandomnessDigestFromBeacon: (context, epoch, key) =>
    context.chain.digest('beacon', epoch, tipSetOf(context, key)),
  StateGetBeaconEntry: ({ chain }, epoch) => {
    // A real node waits for the beacon's round; one that is not due has no answer here.
    if (epoch > chain.head.height)
      throw new LotusError('getting beacon randomness: cannot draw randomness from the future');
    return chain.options.randomness.seed.beacon(Math.max(epoch, 0));
  },
});
