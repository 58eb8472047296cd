import type { Settings } from '#config';
import { PHASE_NAMES, type Phase } from '#core';
import { retryScale } from '#sector';
import type { AgentSettings } from '#workers';

/** Made once: limits are asked for with every decision. */
const LIMITS = Object.fromEntries(PHASE_NAMES.map((phase) => [phase, `worker.limit.${phase}`])) as {
  readonly [P in Phase]: `worker.limit.${P}`;
};

/** The agent's questions, answered from the live settings at the moment they are asked. */
export function agentSettings(settings: Settings, worker: string): AgentSettings {
  const here = { worker };
  return {
    limit: (phase) => settings.get(LIMITS[phase], here),
    maxSectors: () => settings.get('worker.max_sectors', here),
    memory: (phase) => settings.get(`worker.memory.${phase}`, here),
    memoryKeepFree: () => settings.get('worker.memory_keep_free', here),
    scratchKeepFree: () => settings.get('worker.scratch_keep_free', here),
    sectorSpace: () => settings.get('worker.sector_space', here),
    sealVariant: (miner) => settings.get('seal.proof', { miner }),
    devices: () => ({
      declared: settings.get('worker.devices', here),
      slots: settings.get('worker.device_slots', here),
      postSlots: settings.get('worker.post_slots', here),
      out: settings.get('worker.devices_out', here),
      backoff: {
        baseMs: settings.get('worker.device_backoff', here),
        capMs: settings.get('worker.device_backoff_max', here),
      },
    }),
    sealerMaxMemory: () => settings.get('worker.sealer_max_memory', here),
    timeLimitMs: (phase) => settings.get(`phase.time_limit.${phase}`, here),
    keepUnsealed: (miner) => settings.get('sector.keep_unsealed', { miner }),
    checkSeeds: (miner) => settings.get('seal.check_seeds', { miner }),
    confidence: () => settings.get('chain.confidence.precommit'),
    pace: () => settings.get('worker.pace', here),
    acceptsOutsideC2: () => settings.get('worker.accept_outside_c2', here),
    shareDir: () => settings.get('c2.share_dir'),
    retry: (miner) => retryScale(settings, miner),
    minFree: () => settings.get('storage.min_free'),
    heartbeatMs: () => settings.get('worker.heartbeat_interval'),
    leaseTtlMs: () => settings.get('worker.lease_ttl'),
    pollMs: () => settings.get('worker.poll_interval', here),
    onChange: (listener) => settings.onChange(() => listener()),
  };
}
