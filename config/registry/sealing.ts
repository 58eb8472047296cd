import { epochs, flag, integer, oneOf } from '../types/index.ts';
import { defineSettings } from './define-settings.ts';

export const SEALING_SETTINGS = defineSettings({
  'seal.proof': {
    type: oneOf('interactive', 'synthetic'),
    default: 'interactive',
    scope: 'miner',
    doc: 'Kind of PoRep of new sectors. Synthetic proofs let a sector’s layers go after PreCommit2, about 400 GiB earlier at 32 GiB; a sector keeps the kind it began with.',
  },
  'seal.check_seeds': {
    type: integer({ min: 1, max: 1000, unit: 'seeds' }),
    default: '8',
    scope: 'miner',
    doc: 'With how many random seeds a fresh replica is checked before its pre-commit may go out.',
  },
  'sector.keep_unsealed': {
    type: flag(),
    default: 'true',
    scope: 'miner',
    doc: 'Keep an unsealed copy of sectors with pieces in storage, for fast retrieval. Without it a retrieval unseals first. Read when a sector lands.',
  },
  'sector.lifetime': {
    type: epochs({ min: 180 * 2880, max: 1278 * 2880 }),
    default: '540d',
    scope: 'miner',
    doc: 'How long a new sector lives, counted from the epoch its pre-commit is built; kept inside what the network allows.',
  },
  'sector.retry.tries_percent': {
    type: integer({ min: 0, max: 10_000, unit: 'percent' }),
    default: '100',
    scope: 'miner',
    doc: 'Scales how often each kind of failure is tried again before the sector is parked. 0 parks at the first failure.',
  },
  'sector.retry.backoff_percent': {
    type: integer({ min: 0, max: 10_000, unit: 'percent' }),
    default: '100',
    scope: 'miner',
    doc: 'Scales every pause before a failed phase is tried again.',
  },
});
