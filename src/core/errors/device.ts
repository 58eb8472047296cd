import { defineErrors } from './define.ts';

/** GPUs, and cores that stand for one. */
export const DEVICE_ERRORS = defineErrors({
  DEVICE_LOST: {
    severity: 'temporary',
    message: 'The device {device} was lost during {phase}: {detail}',
    cure: 'The job goes on elsewhere, or waits for the device; look at nvidia-smi and the kernel’s log for its Xid.',
  },
  DEVICE_TOOL_FAILED: {
    severity: 'temporary',
    message: 'nvidia-smi failed: {detail}',
    cure: 'Run it by hand. GPUs that were known stay out of service until it lists them again; beepro seals on without them only when worker.devices is none.',
  },
  DEVICE_SELF_TEST_FAILED: {
    severity: 'temporary',
    message: 'The self-test on {device} failed: {detail}',
    cure: 'The device stays out of service and is tried again after a longer back-off; take it out for good with beepro worker device out.',
  },
});
