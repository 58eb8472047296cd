import { PHASES, type Phase } from '#core';
import type { HostView } from './host-view.ts';

/** Why a host with room for a sector does not begin one yet, or undefined. */
export type PaceRule = (view: HostView) => string | undefined;

const ALPHA = Number(process.env['ALPHA'] ?? 0.95);
const MODE = process.env['PMODE'] ?? 'all';

export const refuseForPace: PaceRule = (view) => {
  const opens = paceOpensInMs(view);
  if (opens !== undefined && opens > 0) return `waits ${opens}`;
  return undefined;
};

export function paceOpensInMs(view: HostView): number | undefined {
  const { pace } = view;
  if (!pace || pace.sinceLastStartMs === undefined) return undefined;
  const left = ALPHA * interval(view) - pace.sinceLastStartMs;
  return left > 0 ? left : undefined;
}

function interval(view: HostView): number {
  const { pace, maxSectors, limits, devices } = view;
  if (!pace) return 0;
  const slots = devices.filter((d) => d.outOfService === undefined).reduce((s, d) => s + d.slots, 0);
  const time = (phase: Phase) => ((limits[phase] ?? 0) > 0 ? (pace.durationsMs[phase] ?? 0) : 0);
  const dev = slots > 0 && MODE !== 'ws' ? (time('precommit2') + time('commit2')) / slots : 0;
  const ws = maxSectors > 0 && MODE !== 'dev' ? (pace.residenceMs ?? 0) / maxSectors : 0;
  const pc1 = MODE === 'pc1' ? time('precommit1') / (limits.precommit1 ?? 1) : 0;
  return Math.max(dev, ws, pc1);
}
