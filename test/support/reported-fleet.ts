import { PHASE_NAMES, type Phase } from '#core';
import { type Database, serverTimeIn } from '#db';
import { chooseNext, type DeviceView, type HostReport, type HostView, hostReport } from '#sched';

const GiB = 2 ** 30;

/** What a sealing box with one GPU says of itself; every seventh is busier, every ninth has lost its GPU. */
export function exampleReport(index: number): HostReport {
  const busy = index % 7 === 3;
  const device: DeviceView = {
    id: `GPU-${index}-7f5c2c3e-0a41-4d7d-b9fe-2f7e5f6a1c11`,
    slots: 2,
    held: busy ? ['precommit2', 'commit2'] : ['precommit2'],
    reservedForPost: 0,
    ...(index % 9 === 4 ? { outOfService: 'Xid 79: it has fallen off the bus' } : {}),
  };
  const running: Partial<Record<Phase, number>> = { precommit1: 3 + (index % 4), precommit2: 1, landing: 1 };
  const needs: Partial<Record<Phase, number>> = {
    precommit1: 64 * GiB,
    precommit2: 30 * GiB,
    commit2: 60 * GiB,
  };
  const view: HostView = {
    worker: `host-${index}`,
    state: stateOf(index),
    limits: { ...Object.fromEntries(PHASE_NAMES.map((phase) => [phase, 2])), precommit1: 6, unseal: 0 },
    running,
    maxSectors: 14,
    sectors: busy ? 14 : 9,
    paused: new Set(),
    acceptsOutsideC2: false,
    devices: [device],
    memory: {
      total: 512 * GiB,
      available: 200 * GiB,
      keepFree: 16 * GiB,
      runs: Array.from({ length: 5 }, () => ({ need: 64 * GiB, used: 60 * GiB })),
      needs,
    },
    scratch: {
      capacity: 14_000 * GiB,
      free: 6_000 * GiB,
      keepFree: 100 * GiB,
      reserved: (busy ? 14 : 9) * 650 * GiB,
      growth: 100 * GiB,
      newSector: 650 * GiB,
      writes: {},
    },
  };
  return hostReport(view, chooseNext(view));
}

function stateOf(index: number): HostView['state'] {
  return index % 13 === 12 ? 'draining' : 'active';
}

/** Workers with a report each: one in eleven is away, one in thirteen drains, one in five hundred has said nothing. */
export async function insertReportedWorkers(database: Database, count: number): Promise<void> {
  const rows = Array.from({ length: count }, (_, index) => ({
    name: `host-${index}`,
    state: stateOf(index),
    boot_id: 'boot',
    host_epoch: 1,
    pid: 1,
    version: '0.1.0',
    capabilities: '{}',
    report: index % 500 === 499 ? null : JSON.stringify(exampleReport(index)),
    heartbeat_at: serverTimeIn(index % 11 === 10 ? -300_000 : -2_000),
  }));
  for (let at = 0; at < rows.length; at += 250) {
    await database.kysely
      .insertInto('worker')
      .values(rows.slice(at, at + 250))
      .onDuplicateKeyUpdate({ pid: 1 })
      .execute();
  }
}
