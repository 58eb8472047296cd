import { duration, epochs, fil, integer, oneOf } from '../types/index.ts';
import { defineSettings } from './define-settings.ts';

/** See `docs/batching.md` for how they work together, and for what other software presets. */
export const BATCH_SETTINGS = defineSettings({
  'batch.precommit.max': {
    type: integer({ min: 1, max: 256, unit: 'sectors' }),
    default: '256',
    scope: 'miner',
    doc: 'The most sectors in one pre-commit message; the network takes 256. Sectors of one seal proof type only ever share a message.',
  },
  'batch.precommit.min': {
    type: integer({ min: 1, max: 256, unit: 'sectors' }),
    default: '1',
    scope: 'miner',
    doc: 'How many sectors a pre-commit waits for, while nothing presses: see batch.precommit.wait and batch.precommit.slack.',
  },
  'batch.precommit.wait': {
    type: duration(),
    default: '6h',
    scope: 'miner',
    doc: 'How long the first sector of a pre-commit batch waits for others. The batch goes out after that, or when it is full.',
  },
  'batch.precommit.slack': {
    type: epochs({ min: 0, max: 2880 }),
    default: '4h',
    scope: 'miner',
    doc: 'How much of a ticket’s life must be left: a batch with a sector that has less goes out at once.',
  },
  'batch.precommit.below_base_fee': {
    type: fil(),
    default: '0 FIL',
    scope: 'miner',
    doc: 'While the base fee is below this, in FIL for one unit of gas, sectors that wait for a pre-commit go out at once; while it is not, even a full batch waits, until the slack presses. 0: the base fee is not looked at.',
  },
  'batch.commit.max': {
    type: integer({ min: 1, max: 819, unit: 'sectors' }),
    default: '256',
    scope: 'miner',
    doc: 'The most sectors in one prove-commit message. A message has 64 KiB at most: of proofs of 32 GiB sectors, one for each, it holds 33.',
  },
  'batch.commit.min': {
    type: integer({ min: 1, max: 819, unit: 'sectors' }),
    default: '1',
    scope: 'miner',
    doc: 'How many sectors a prove-commit waits for, while nothing presses.',
  },
  'batch.commit.wait': {
    type: duration(),
    default: '4h',
    scope: 'miner',
    doc: 'How long the first sector of a prove-commit batch waits for others.',
  },
  'batch.commit.slack': {
    type: epochs({ min: 0, max: 30 * 2880 }),
    default: '1d',
    scope: 'miner',
    doc: 'How long before the last epoch for its prove-commit a sector makes its batch go out at once.',
  },
  'batch.commit.below_base_fee': {
    type: fil(),
    default: '0 FIL',
    scope: 'miner',
    doc: 'While the base fee is below this, in FIL for one unit of gas, sectors that wait for a prove-commit go out at once; while it is not, even a full batch waits, until the slack presses. 0: the base fee is not looked at.',
  },
  'batch.commit.aggregate': {
    type: oneOf('off', 'auto', 'on'),
    default: 'auto',
    scope: 'miner',
    doc: 'Whether the proofs of a prove-commit are made one (SnarkPack), by a sealer that the sealing role starts (BEEPRO_SEALER_BIN). auto: where it is cheaper and the base fee has reached batch.commit.aggregate_from; on: wherever it is possible. Without a sealer or its SRS file proofs go one by one.',
  },
  'batch.commit.aggregate_min': {
    type: integer({ min: 4, max: 819, unit: 'sectors' }),
    default: '4',
    scope: 'miner',
    doc: 'The least sectors whose proofs are aggregated; the network takes 4.',
  },
  'batch.commit.aggregate_from': {
    type: fil(),
    default: '0.32 nanoFIL',
    scope: 'miner',
    doc: 'The break-even: from this base fee on, in FIL for one unit of gas, auto aggregates where it is cheaper. Below it what is saved is not worth the work, nor that one bad member refuses all.',
  },
  'batch.commit.aggregate_timeout': {
    type: duration({ min: 1_000, max: 6 * 3_600_000 }),
    default: '30m',
    scope: 'miner',
    doc: 'How long an aggregate may take to be made and verified. After that the proofs go one by one.',
  },
});
