import type { HostView } from './host-view.ts';

/** Why a host with room for a sector does not begin one yet, or undefined. */
export type PaceRule = (view: HostView) => string | undefined;

/** A sector is begun as soon as there is room for it. */
export const refuseForPace: PaceRule = () => undefined;
