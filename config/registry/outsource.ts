import { duration, flag, oneOf, text } from '../types/index.ts';
import { defineSettings } from './define-settings.ts';

/** C2 away from the sector's own host, and what becomes of sectors whose host is lost. */
export const OUTSOURCE_SETTINGS = defineSettings({
  'c2.outsource': {
    type: oneOf('off', 'overflow', 'always'),
    default: 'overflow',
    scope: 'worker',
    doc: 'Whether C2 of the sectors on a worker may be computed by other workers, those with worker.accept_outside_c2. overflow: what the worker itself would start later than a free slot elsewhere, or cannot run at all. always: every one, though the worker may still take it first. Set for the worker whose C2 goes out, since that is a matter of its hardware.',
  },
  'c2.share_dir': {
    type: text(/^(\/.{0,1000})?$/, 'an absolute path, or empty'),
    default: '',
    scope: 'global',
    doc: 'A folder on storage that every worker sees under this path, which gets a copy of Commit1’s output: other workers read it there, and it survives the loss of its host. Empty: workers fetch it from each other.',
  },
  'worker.accept_outside_c2': {
    type: flag(),
    default: 'false',
    scope: 'worker',
    doc: 'Whether a worker computes C2 of sectors that lie on other workers, within its limit for commit2 and after its own.',
  },
  'worker.rehome_after': {
    type: duration({ min: 0 }),
    default: '0s',
    scope: 'worker',
    doc: 'After how long without a heartbeat a worker counts as lost for good, as if it were removed by hand: its sectors go on elsewhere, or are sealed again. Never below worker.heartbeat_expiry. 0, the default: never, since a host that comes back has lost nothing.',
  },
});
