import { duration } from '../types/index.ts';
import { defineSettings } from './define-settings.ts';

export const MESSAGE_SETTINGS = defineSettings({
  'message.push_interval': {
    type: duration({ min: 1_000, max: 3_600_000 }),
    default: '2m',
    scope: 'global',
    doc: 'How often a message that has not landed is pushed again, byte for byte.',
  },
  'message.replace_after': {
    type: duration({ min: 1_000 }),
    default: '20m',
    scope: 'global',
    doc: 'After how long in the message pool a message is replaced by one with a higher fee, below its cap.',
  },
});
