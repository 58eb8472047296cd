import { Gauge, Registry } from 'prom-client';
import { PHASE_NAMES, SECTOR_STATES } from '#core';
import { countRunsByStatus, countSectorsByState, type Executor, listChainNodes, listWorkerLoads } from '#db';

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
  nodeReady: {
    name: 'beepro_chain_node_in_rotation',
    help: 'Whether the coordinator asks the Lotus node, 1 or 0',
    labelNames: ['node'],
  },
  nodeLag: {
    name: 'beepro_chain_node_lag_epochs',
    help: 'Epochs that the node is behind the chain, as the coordinator sees it',
    labelNames: ['node'],
  },
  nodeLatency: {
    name: 'beepro_chain_node_latency_seconds',
    help: 'Mean time of the newest calls to the node by the coordinator',
    labelNames: ['node'],
  },
  nodeErrors: {
    name: 'beepro_chain_node_error_ratio',
    help: 'Share of the newest calls to the node that failed by its fault',
    labelNames: ['node'],
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

  const [counts, runs, loads, nodes] = await Promise.all([
    countSectorsByState(db),
    countRunsByStatus(db),
    listWorkerLoads(db, MOST_WORKERS),
    listChainNodes(db),
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
  const seen = {
    ready: gauge(METRICS.nodeReady),
    lag: gauge(METRICS.nodeLag),
    latency: gauge(METRICS.nodeLatency),
    errors: gauge(METRICS.nodeErrors),
  };
  for (const { node, state, lag, latency_ms: latency, error_rate: errors } of nodes) {
    seen.ready.set({ node }, state === 'ready' ? 1 : 0);
    seen.errors.set({ node }, errors);
    if (lag !== null) seen.lag.set({ node }, lag);
    if (latency !== null) seen.latency.set({ node }, latency / 1000);
  }
  gauge(METRICS.scrape).set((performance.now() - start) / 1000);
  return { contentType: registry.contentType, body: await registry.metrics() };
}
