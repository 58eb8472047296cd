import { flag } from '../types/index.ts';
import { defineSettings } from './define-settings.ts';

export const WEB_SETTINGS = defineSettings({
  'web.bull_board_write': {
    type: flag(),
    default: 'false',
    scope: 'global',
    doc: 'Allow retrying, removing and pausing jobs in Bull Board. The database is the truth: what is changed there is put right by the sweeper.',
  },
});
