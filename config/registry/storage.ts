import { bytes, duration, integer, text } from '../types/index.ts';
import { defineSettings } from './define-settings.ts';

export const STORAGE_SETTINGS = defineSettings({
  'storage.min_free': {
    type: bytes({ min: 0 }),
    default: '1GiB',
    scope: 'global',
    doc: 'Space that landing leaves free on a storage path; a fuller path takes no new files.',
  },
  'piece.store': {
    type: text(/^(\/.{0,1000})?$/, 'an absolute path, or empty'),
    default: '',
    scope: 'global',
    doc: 'The folder that takes copies of added pieces until their sector is final, on storage that every worker sees under this path. Empty: the folder pieces in the state folder, for a single host.',
  },
  'piece.wait': {
    type: duration(),
    default: '1h',
    scope: 'miner',
    doc: 'How long a sector that collects pieces waits for more after its first one before it is sealed with zeros in the rest. 0 seals at once.',
  },
  'piece.max_per_sector': {
    type: integer({ min: 1, max: 1024, unit: 'pieces' }),
    default: '256',
    scope: 'miner',
    doc: 'How many pieces a sector takes at most; it is sealed when it has them.',
  },
});
