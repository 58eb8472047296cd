import { duration, fil, flag, integer } from '../types/index.ts';
import { defineSettings } from './define-settings.ts';

export const PLEDGE_SETTINGS = defineSettings({
  'pledge.auto': {
    type: flag(),
    default: 'false',
    scope: 'miner',
    doc: 'Pledge committed-capacity sectors by itself, as many as the workers would begin at once. It commits money: set pledge.balance_floor and pledge.max_in_flight first. `beepro pledge show` says why it does or does not.',
  },
  'pledge.max_in_flight': {
    type: integer({ min: 0, max: 1_000_000, unit: 'sectors' }),
    default: '0',
    scope: 'miner',
    doc: 'Automatic pledging keeps at most so many sectors of the miner between AddPiece and Proving, parked ones included. 0: what the workers take is the only bound.',
  },
  'pledge.max_parked': {
    type: integer({ min: 0, max: 1_000_000, unit: 'sectors' }),
    default: '10',
    scope: 'miner',
    doc: 'Automatic pledging stops while so many sectors of the miner are parked: what parked them may park the next ones. 0: it goes on whatever is parked.',
  },
  'pledge.balance_floor': {
    type: fil(),
    default: '0 FIL',
    scope: 'miner',
    doc: 'What must be left of the miner’s available balance and its sender’s wallet together once deposit and pledge of every sector in flight, and of the next one, are paid. Automatic pledging stops before it is touched.',
  },
  'pledge.interval': {
    type: duration({ min: 200, max: 3_600_000 }),
    default: '5s',
    scope: 'global',
    doc: 'How often automatic pledging looks at the workers and decides anew.',
  },
});
