import { bytes, deviceIds, devices, duration, integer } from '../types/index.ts';
import { defineSettings } from './define-settings.ts';

export const DEVICE_SETTINGS = defineSettings({
  'worker.devices': {
    type: devices(),
    default: 'auto',
    scope: 'worker',
    doc: 'The devices whose slots PreCommit2 and Commit2 take. auto: the GPUs that nvidia-smi finds; one that was there once and is gone is out of service. none: PreCommit2 and Commit2 run on the CPU within their limits alone, and GPUs that are gone are forgotten. A list: GPUs by UUID, and cores that stand for a device, such as cpu:0 cores=0-3, cpu:1 cores=4-7 slots=2.',
  },
  'worker.device_slots': {
    type: integer({ min: 1, max: 64, unit: 'slots' }),
    default: '1',
    scope: 'worker',
    doc: 'How many jobs a device serves at a time where worker.devices does not say slots=N. PreCommit2 takes no lock on a GPU: more than 1 means that jobs share its memory.',
  },
  'worker.post_slots': {
    type: integer({ min: 0, max: 64, unit: 'slots' }),
    default: '0',
    scope: 'worker',
    doc: 'How many slots of a worker’s devices sealing leaves to window and winning PoSt. They are kept on devices in service, so a failed GPU does not take the reserve with it.',
  },
  'worker.devices_out': {
    type: deviceIds(),
    default: '',
    scope: 'worker',
    doc: 'Devices that nothing new is started on: beepro worker device out and in change it. What runs there ends.',
  },
  'worker.device_backoff': {
    type: duration({ min: 1_000, max: 86_400_000 }),
    default: '1m',
    scope: 'worker',
    doc: 'How long a device that failed is left alone before a self-test may bring it back; doubled with each failure in a row.',
  },
  'worker.device_backoff_max': {
    type: duration({ min: 1_000, max: 604_800_000 }),
    default: '1h',
    scope: 'worker',
    doc: 'The longest that a device that failed again and again is left alone before the next self-test.',
  },
  'worker.sealer_max_memory': {
    type: bytes({ min: 0 }),
    default: '64GiB',
    scope: 'worker',
    doc: 'How much memory of its own an idle sealer process may hold on to; above it the next job gets a fresh one. Proof parameters do not count: they are mapped from their file. 0: no bound.',
  },
});
