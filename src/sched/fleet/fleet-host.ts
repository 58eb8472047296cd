import type { Phase } from '#core';
import type { HostReport } from '../host-report.ts';

/** A host as the rest of the fleet knows it: its row and its last report. */
export interface FleetHost {
  readonly worker: string;
  /** Empty: none. */
  readonly class: string;
  readonly state: 'active' | 'draining' | 'removed';
  readonly heartbeatAgeMs: number;
  /** Not heard of for longer than the setting allows: what it said no longer counts. */
  readonly away: boolean;
  /** Undefined: it has said nothing that is understood. */
  readonly report?: HostReport;
  /** Sectors whose files it holds. */
  readonly sectors: number;
  /** Runs that wait in its own queues. */
  readonly waiting: Readonly<Partial<Record<Phase, number>>>;
}
