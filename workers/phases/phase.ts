import type { Phase, SealProof, SectorId } from '#core';
import type { Database, PhaseRunRow, SectorRow } from '#db';
import type { Logger } from '#log';
import type { Answer, OpName, OpParams, SealerClass, SealerSector, StandIn } from '#sealer';
import type { Fence } from '#sector';
import type { Workspace } from '#storage';
import type { AgentSettings } from '../agent-settings.ts';
import type { C1Inbox } from '../c1-stream/inbox.ts';
import type { ChainFacts } from '../chain-facts.ts';

/** What a phase's run is given. */
export interface PhaseContext {
  readonly run: PhaseRunRow;
  readonly fence: Fence;
  readonly id: SectorId;
  readonly proof: SealProof;
  /** The network's name as the miner's row has it. */
  readonly network: string;
  readonly worker: string;
  readonly database: Database;
  readonly chain: ChainFacts;
  readonly settings: AgentSettings;
  readonly workspace: Workspace;
  /** C1's output of other workers' sectors. */
  readonly inbox: C1Inbox;
  /** The sector's directory as the sealer names it. */
  readonly sealerSector: SealerSector;
  readonly log: Logger;
  /** Aborted when the run was superseded, its time is over or the agent stops. */
  readonly signal: AbortSignal;
  /** The sector's row as it is now. */
  sector(): Promise<SectorRow>;
  /**
   * Asked right before files are destroyed: an agent that stood still may have lost its claim since.
   * @throws BeeproError `SEALER_CANCELLED` when the fence no longer holds
   */
  requireClaim(): Promise<void>;
  /**
   * Asks this run's sealer. `step` names the request within the run for ever: after a restart of the agent the
   * same step joins what runs or gets its stored end, so a phase is simply gone through again.
   */
  seal<O extends OpName>(step: string, op: O, params: OpParams[O]): Promise<Answer<O>['result']>;
  /** What this run's sealer is, when it is a stand-in that proves nothing: its network allows that, or it is refused. */
  standIn(): Promise<StandIn | undefined>;
  /** Shown to the operator, and a sign of life. */
  progress(note: Readonly<Record<string, unknown>>): void;
}

/** One phase of sealing as a worker runs it. */
export interface PhaseHandler {
  readonly phase: Phase;
  /** The kind of sealer process it needs; null: none. */
  readonly sealer: SealerClass | null;
  /**
   * Computes the phase and returns its result, as `PHASE_RESULTS` of #sector has it. It may be gone through again
   * from the start after a crash, so every step is idempotent.
   * @throws BeeproError what the state machine recovers from; a `Deferral` when its time has not come
   */
  run(context: PhaseContext): Promise<Readonly<Record<string, unknown>>>;
  /** Undoes what a result left behind that nobody will refer to. */
  discard?(context: PhaseContext, result: Readonly<Record<string, unknown>>): Promise<void>;
  /** After the acceptance: tidying that may fail without harm. */
  afterAccepted?(context: PhaseContext, result: Readonly<Record<string, unknown>>): Promise<void>;
}
