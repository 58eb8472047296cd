import { flag } from '../types/index.ts';
import { defineSettings } from './define-settings.ts';

export const PACE_SETTINGS = defineSettings({
  'worker.pace': {
    type: flag(),
    default: 'true',
    scope: 'worker',
    doc: 'Let sectors go through a worker evenly: PC2 and C2 take turns at a device so that neither the wait for seeds nor PC1 runs dry, and no sector is begun while enough stand before PC1. Off: finish first, and sectors are begun as long as there is room.',
  },
});
