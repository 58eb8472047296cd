import type { Generated } from 'kysely';
import type { CreatedAt, Json, JsonOrNull } from './columns.ts';

export interface WorkerTable {
  /** The worker's name; unique, by default the host name. */
  name: string;
  class: Generated<string>;
  state: Generated<'active' | 'draining' | 'removed'>;
  /** Boot id of the machine and the fencing epoch of the agent that holds the host's lease. */
  boot_id: string;
  host_epoch: number;
  pid: number;
  version: string;
  capabilities: Json<Record<string, unknown>>;
  /** What it runs, holds, would take and why not more, as of `reported_at`: `HostReport` of `src/sched`. */
  report: JsonOrNull<Record<string, unknown>>;
  /** Whatever was committed before is in the report. */
  reported_at: Date | null;
  heartbeat_at: Date;
  registered_at: CreatedAt;
}

/** Expiry is by the server's NOW(3). The token grows by one with each new holder. */
export interface LeaseTable {
  name: string;
  holder: string;
  token: number;
  expires_at: Date;
}
