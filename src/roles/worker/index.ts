import type { ChainApi } from '#chain';
import type { OperatorStamp, Settings } from '#config';
import type { BeeproError } from '#core';
import { type Database, findDrawnTicket } from '#db';
import type { Logger } from '#log';
import type { QueueBus } from '#queues';
import { HostAgent, type HostAgentOptions, LotusFacts } from '#workers';
import type { RunningRole } from '../process-lifetime.ts';
import { agentSettings } from './agent-settings.ts';

export { agentSettings } from './agent-settings.ts';

export interface WorkerRoleOptions {
  /** The worker's name, unique in the fleet. */
  readonly name: string;
  /** On a local disk; survives restarts and reboots. */
  readonly stateDir: string;
  /** The fast disk that sectors are sealed on. */
  readonly workspaceDir: string;
  readonly sealerBin: string;
  /** The lock folders of devices, the same for all workers of a machine; default: in the state folder. */
  readonly devicesDir?: string;
  readonly version: string;
  /** Where other workers fetch C1's output; undefined: they cannot. */
  readonly stream?: HostAgentOptions['stream'];
}

export interface WorkerRoleModules {
  readonly database: Database;
  readonly bus: QueueBus;
  readonly chain: ChainApi;
  readonly settings: Settings;
  readonly stamp?: OperatorStamp;
  readonly log: Logger;
}

/** A worker that runs, with its agent for those who look closer. */
export interface RunningWorker extends RunningRole {
  readonly agent: HostAgent;
}

/**
 * Starts this host's agent. Stopping it leaves its sealers running for the next; SIGKILL is as good.
 * @throws BeeproError `WORKER_NAME_TAKEN`, `WORKER_STATE_IN_USE`, `SEALER_NOT_INSTALLED`, …
 */
export async function startWorker(
  options: WorkerRoleOptions,
  modules: WorkerRoleModules,
): Promise<RunningWorker> {
  const failed = Promise.withResolvers<BeeproError>();
  // Faults are injected by tests alone; the program itself refuses the variable without this word.
  const allowFaults = process.env.BEEPRO_SEALER_FAULT !== undefined;
  const agent = await HostAgent.start(
    {
      name: options.name,
      class: () => modules.settings.get('worker.class', { worker: options.name }),
      stateDir: options.stateDir,
      workspaceDir: options.workspaceDir,
      ...(options.devicesDir === undefined ? {} : { devicesDir: options.devicesDir }),
      gpuTool: process.env.BEEPRO_NVIDIA_SMI,
      version: options.version,
      stream: options.stream,
    },
    {
      database: modules.database,
      bus: modules.bus,
      chain: new LotusFacts(modules.chain, {
        findTicket: (miner, epoch) => findDrawnTicket(modules.database.kysely, miner, epoch),
      }),
      settings: agentSettings(modules.settings, options.name),
      log: modules.log,
      sealers: { program: { bin: options.sealerBin, allowFaults } },
      ...(modules.stamp ? { stamp: modules.stamp } : {}),
      onFatal: (error) => failed.resolve(error),
    },
  );
  return { agent, stop: () => agent.stop(), failed: failed.promise };
}
