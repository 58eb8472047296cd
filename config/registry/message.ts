import { decimal, duration, fil, integer } from '../types/index.ts';
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
  'fee.precommit.max': {
    type: fil(),
    default: '1 FIL',
    scope: 'miner',
    doc: 'The most that one pre-commit message may cost. While the base fee is too high for it the message waits without a nonce, and says so: a sector whose ticket grows too old meanwhile is sealed again.',
  },
  'fee.commit.max': {
    type: fil(),
    default: '2 FIL',
    scope: 'miner',
    doc: 'The most that one prove-commit message may cost. Too low for too long it costs the deposit: a pre-commit that is not proven within 30 days expires.',
  },
  'fee.gas_overestimation': {
    type: decimal({ min: 1, max: 10 }),
    default: '1.25',
    scope: 'miner',
    doc: 'Factor on the estimated gas limit: state may have grown by the time the message executes. Too much of it is burnt (Lotus’ over-estimation penalty).',
  },
});
