import { Gauge, Registry } from 'prom-client';
import { PHASE_NAMES, SECTOR_STATES } from '#core';
import { countRunsByStatus, countSectorsByState, type Executor, listWorkerLoads } from '#db';

/** Every metric of `/metrics`: name, help, labels. Read from MySQL at each scrape, so any page gives them all. */
export const METRICS = {
  sectors: { name: 'beepro_sectors', help: 'Sectors by miner and state', labelNames: ['miner', 'state'] },
  runs: {
    name: 'beepro_phase_runs',
    help: 'Phase runs that are not over, by phase and status',
    labelNames: ['phase', 'status'],
  },
  workers: { name: 'beepro_workers', help: 'Workers by state', labelNames: ['state'] },
  heartbeat: {
    name: 'beepro_worker_heartbeat_age_seconds',
    help: 'Seconds since the last heartbeat of each worker',
    labelNames: ['worker'],
  },
  running: {
    name: 'beepro_worker_running_runs',
    help: 'Phase runs that each worker runs',
    labelNames: ['worker'],
  },
  scrape: {
    name: 'beepro_scrape_duration_seconds',
    help: 'Time that reading these metrics took',
    labelNames: [],
  },
} as const;

/** More workers than these are left out of the per-worker series. */
const MOST_WORKERS = 5_000;

/** The metrics in Prometheus' text form. */
export async function renderMetrics(db: Executor): Promise<{ contentType: string; body: string }> {
  const start = performance.now();
  const registry = new Registry();
  const gauge = (metric: (typeof METRICS)[keyof typeof METRICS]): Gauge<string> =>
    new Gauge({ ...metric, labelNames: [...metric.labelNames], registers: [registry] });

  const [counts, runs, loads] = await Promise.all([
    countSectorsByState(db),
    countRunsByStatus(db),
    listWorkerLoads(db, MOST_WORKERS),
  ]);

  const sectors = gauge(METRICS.sectors);
  for (const miner of new Set(counts.map((count) => count.miner))) {
    for (const state of SECTOR_STATES) sectors.set({ miner: `t0${miner}`, state }, 0);
  }
  for (const { miner, state, sectors: count } of counts) sectors.set({ miner: `t0${miner}`, state }, count);

  const active = gauge(METRICS.runs);
  for (const phase of PHASE_NAMES) {
    for (const status of ['waiting', 'queued', 'running']) active.set({ phase, status }, 0);
  }
  for (const { phase, status, runs: count } of runs) active.set({ phase, status }, count);

  const workers = gauge(METRICS.workers);
  const heartbeat = gauge(METRICS.heartbeat);
  const running = gauge(METRICS.running);
  for (const load of loads) {
    workers.inc({ state: load.state });
    heartbeat.set({ worker: load.name }, load.heartbeat_age_ms / 1000);
    running.set({ worker: load.name }, load.running);
  }
  gauge(METRICS.scrape).set((performance.now() - start) / 1000);
  return { contentType: registry.contentType, body: await registry.metrics() };
}
