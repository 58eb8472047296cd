import type { Settings } from '#config';
import type { Phase } from '#core';
import { countRunsWaitingForWorkers, countSectorsByWorker, type Executor, listWorkerReports } from '#db';
import { type FleetHost, readHostReport } from '#sched';

/** Every host, or one by its name, as it last described itself, with what waits for it. */
export async function readFleet(
  executor: Executor,
  settings: Pick<Settings, 'get'>,
  name?: string,
): Promise<FleetHost[]> {
  const [rows, sectors, runs] = await Promise.all([
    listWorkerReports(executor, name),
    countSectorsByWorker(executor, name),
    countRunsWaitingForWorkers(executor, name),
  ]);
  const expiryMs = settings.get('worker.heartbeat_expiry');
  const waiting = Map.groupBy(runs, ({ worker }) => worker);
  return rows.map(({ name: worker, state, heartbeatAgeMs, report: given }) => {
    const report = readHostReport(given);
    const own = waiting.get(worker) ?? [];
    return {
      worker,
      class: settings.get('worker.class', { worker }),
      state,
      heartbeatAgeMs,
      away: heartbeatAgeMs > expiryMs,
      sectors: sectors.get(worker) ?? 0,
      waiting: Object.fromEntries(own.map(({ phase, runs: count }) => [phase, count])) as Partial<
        Record<Phase, number>
      >,
      ...(report ? { report } : {}),
    };
  });
}
