import type { OperatorStamp } from '#config';
import type { BeeproError } from '#core';
import type { Database } from '#db';
import type { Logger } from '#log';
import type { QueueBus } from '#queues';
import type { SealerPoolOptions, Sealers } from '#sealer';
import type { AgentSettings } from './agent-settings.ts';
import type { C1ServerOptions } from './c1-stream/server.ts';
import type { ChainFacts } from './chain-facts.ts';

export interface HostAgentOptions {
  /** The worker's name, unique in the fleet. */
  readonly name: string;
  /** Settings for `class:NAME` count for all workers of the class; asked again when settings change. */
  readonly class?: () => string | undefined;
  /** Journals, sockets and logs of sealers; survives restarts and reboots, on a local disk. */
  readonly stateDir: string;
  /** The fast disk that sectors are sealed on. */
  readonly workspaceDir: string;
  /** The lock folders of devices, the same for all agents of a machine; default: in the state folder. */
  readonly devicesDir?: string;
  /** What lists this machine's GPUs; default: `nvidia-smi`. */
  readonly gpuTool?: string | undefined;
  readonly version: string;
  /** Where other workers fetch C1's output; undefined: they cannot. */
  readonly stream?: Pick<C1ServerOptions, 'host' | 'port' | 'advertise' | 'secret'> | undefined;
}

export interface HostAgentModules {
  readonly database: Database;
  readonly bus: QueueBus;
  readonly chain: ChainFacts;
  readonly settings: AgentSettings;
  readonly log: Logger;
  readonly sealers: Pick<SealerPoolOptions, 'program' | 'idleExitS' | 'spares'>;
  /** The coordinators' announcement of the operator's word; without it the agent asks MySQL for it every second. */
  readonly stamp?: OperatorStamp;
  /** Who keeps the sealers; default: processes of this machine. */
  readonly openSealers?: (options: SealerPoolOptions, needed: ReadonlySet<string>) => Promise<Sealers>;
  /** The agent cannot go on: the role ends, and its supervisor starts another. */
  readonly onFatal: (error: BeeproError) => void;
}
