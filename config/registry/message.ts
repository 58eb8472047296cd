import { duration, integer } from '../types/index.ts';
import { defineSettings } from './define-settings.ts';

export const MESSAGE_SETTINGS = defineSettings({
  'message.push_interval': {
    type: duration({ min: 1_000, max: 3_600_000 }),
    default: '2m',
    scope: 'global',
    doc: 'How often the nodes’ mempools are looked at for messages that have not landed; a node that has lost one gets it again, byte for byte.',
  },
  'message.replace_after': {
    type: duration({ min: 1_000 }),
    default: '20m',
    scope: 'global',
    doc: 'After how long in the message pool a message is replaced by one with a higher fee, below its cap.',
  },
  'message.replacements': {
    type: integer({ min: 0, max: 30 }),
    default: '8',
    scope: 'global',
    doc: 'How often one message is replaced by a dearer one at most; each waits twice as long as the one before.',
  },
  'message.fill_gaps_after': {
    type: duration({ max: 86_400_000 }),
    default: '10m',
    scope: 'global',
    doc: 'A nonce that no message uses, while later ones of the sender wait behind it, is filled with a transfer of nothing after so long; 0 never does.',
  },
});
