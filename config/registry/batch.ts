import { duration, epochs, integer } from '../types/index.ts';
import { defineSettings } from './define-settings.ts';

export const BATCH_SETTINGS = defineSettings({
  'batch.precommit.max': {
    type: integer({ min: 1, max: 256, unit: 'sectors' }),
    default: '256',
    scope: 'miner',
    doc: 'The most sectors in one pre-commit message; the network takes 256.',
  },
  'batch.precommit.min': {
    type: integer({ min: 1, max: 256, unit: 'sectors' }),
    default: '1',
    scope: 'miner',
    doc: 'How many sectors a pre-commit waits for, while nothing presses: see batch.precommit.wait and batch.precommit.slack.',
  },
  'batch.precommit.wait': {
    type: duration(),
    default: '10m',
    scope: 'miner',
    doc: 'How long the first sector of a pre-commit batch waits for others. The batch goes out after that, or when it is full.',
  },
  'batch.precommit.slack': {
    type: epochs({ min: 0, max: 2880 }),
    default: '6h',
    scope: 'miner',
    doc: 'How much of a ticket’s life must be left: a batch with a sector that has less goes out at once.',
  },
  'batch.commit.max': {
    type: integer({ min: 1, max: 819, unit: 'sectors' }),
    default: '33',
    scope: 'miner',
    doc: 'The most sectors in one prove-commit message. Without aggregation about 33 proofs of 32 GiB sectors fit a message of 64 KiB.',
  },
  'batch.commit.min': {
    type: integer({ min: 1, max: 819, unit: 'sectors' }),
    default: '1',
    scope: 'miner',
    doc: 'How many sectors a prove-commit waits for, while nothing presses.',
  },
  'batch.commit.wait': {
    type: duration(),
    default: '10m',
    scope: 'miner',
    doc: 'How long the first sector of a prove-commit batch waits for others.',
  },
  'batch.commit.slack': {
    type: epochs({ min: 0, max: 30 * 2880 }),
    default: '1d',
    scope: 'miner',
    doc: 'How long before the last epoch for its prove-commit a sector makes its batch go out at once.',
  },
});
