import { BeeproError, type ErrorCode, type ErrorData } from '#core';
import { isDatabaseOutage } from './patience.ts';

/**
 * Thrown by a phase whose time has not come: the run waits and no try is spent. It is no failure, so it is not
 * in the error's place; its reason is shown as if it were.
 */
export class Deferral {
  readonly delayMs: number;
  readonly reason: BeeproError;

  constructor(delayMs: number, code: ErrorCode, data: ErrorData) {
    this.delayMs = Math.max(1, Math.round(delayMs));
    this.reason = new BeeproError(code, data);
  }
}

/**
 * What a failure is worth waiting for that is not the sector's: the chain, a sector that is being let go, a device
 * that is gone (it is out of service by then, so that the run goes elsewhere or waits).
 */
const WAIT_MS: Partial<Record<ErrorCode, number>> = {
  CHAIN_UNREACHABLE: 5_000,
  CHAIN_TIMED_OUT: 5_000,
  CHAIN_RATE_LIMITED: 5_000,
  CHAIN_STATE_UNAVAILABLE: 5_000,
  CHAIN_NODES_OUT: 5_000,
  CHAIN_NODE_OUT: 5_000,
  CHAIN_BUSY: 5_000,
  CHAIN_FUTURE_RANDOMNESS: 5_000,
  SEALER_SECTOR_BUSY: 5_000,
  SEALER_SHUTTING_DOWN: 1_000,
  // No try of the sector is spent on a worker that is set up wrongly.
  SEALER_STAND_IN_REFUSED: 60_000,
  SEALER_GPU_LOST: 1_000,
  DEVICE_LOST: 1_000,
};

export function deferralFor(error: BeeproError): Deferral | undefined {
  const delayMs = isDatabaseOutage(error) ? 1_000 : WAIT_MS[error.code];
  return delayMs === undefined ? undefined : new Deferral(delayMs, error.code, error.data);
}
