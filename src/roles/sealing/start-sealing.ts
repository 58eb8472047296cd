import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { type BeeproError, type Epoch, inTurn } from '#core';
import type { RunningRole } from '../process-lifetime.ts';
import type { Activity } from './batch/activity.ts';
import { batchActivity } from './batcher.ts';
import { ChainViewer } from './chain-view.ts';
import { COMMIT } from './commit-activity.ts';
import { watchCommits } from './commit-watch.ts';
import { type Duty, runDuty } from './duty.ts';
import { watchHead } from './head-clock.ts';
import { createPump } from './message-duty.ts';
import type { SealingModules } from './modules.ts';
import { PRECOMMIT } from './precommit-activity.ts';
import { watchPreCommits } from './precommit-watch.ts';
import { publishLeftovers } from './publisher.ts';
import { recheckAfterReorg, watchSeeds } from './seed-watch.ts';
import { Hearing, queueDue, sweepExpired, sweepQueued } from './sweeper.ts';
import { Wake } from './wake.ts';

/** More of the coordinator's work, by others: closing sectors that have waited long enough for pieces, say. */
export type ExtraDuty = Omit<Duty, 'wake'>;

/**
 * Starts the coordinator: a set of duties, each done by one process of all that run, each a loop around pure
 * decisions over rows. Any number of coordinators may run; none keeps anything that is not in the database.
 */
export function startSealing(modules: SealingModules, extra: readonly ExtraDuty[] = []): RunningRole {
  const stopping = new AbortController();
  const holder = `${hostname()}:${process.pid}:${randomBytes(4).toString('hex')}`;
  const { duties, onHead, onReverted } = coordinatorDuties(modules, extra);
  const loops = [
    ...duties.map((duty) => runDuty(modules, holder, duty, stopping.signal)),
    watchHead(modules, { onHead, onReverted }, stopping.signal),
  ];
  return {
    stop: async () => {
      stopping.abort();
      await Promise.allSettled(loops);
    },
    // Duties never end by themselves: what fails is logged and tried again.
    failed: new Promise<BeeproError>(() => undefined),
  };
}

interface Coordinator {
  readonly duties: readonly Duty[];
  readonly onHead: () => void;
  readonly onReverted: (height: Epoch) => void;
}

function coordinatorDuties(modules: SealingModules, extra: readonly ExtraDuty[]): Coordinator {
  const { settings } = modules;
  const viewer = new ChainViewer(modules.chain);
  const wakes = { sectors: new Wake(), batches: new Wake(), messages: new Wake() };
  const pump = createPump(modules, () => wakes.sectors.knock());
  const poll = () => settings.get('chain.poll_interval');
  const hearing = new Hearing();
  let reconciled = false;
  let revertedTo: Epoch | undefined;
  let batchNextMs = Number.POSITIVE_INFINITY;

  const onReverted = (height: Epoch) => {
    revertedTo = Math.min(revertedTo ?? height, height);
  };
  const recheck: typeof watchSeeds = async (_modules, view, signal) => {
    const height = revertedTo;
    if (height === undefined) return;
    revertedTo = undefined;
    try {
      await recheckAfterReorg(modules, view, height, signal);
    } catch (error) {
      onReverted(height);
      throw error;
    }
  };

  const duties: Duty[] = [
    {
      name: 'outbox',
      wake: new Wake(),
      intervalMs: () => settings.get('coordinator.outbox_interval'),
      pass: (signal) => publishLeftovers(modules, signal),
    },
    {
      name: 'due-runs',
      wake: new Wake(),
      intervalMs: () => Math.min(1_000, settings.get('coordinator.sweep_interval')),
      pass: (signal) => queueDue(modules, signal),
    },
    {
      name: 'sweep',
      wake: new Wake(),
      intervalMs: () => settings.get('coordinator.sweep_interval'),
      pass: (signal) => inTurn([sweepExpired, sweepQueued], (sweep) => sweep(modules, signal, hearing)),
    },
    {
      name: 'chain-watch',
      wake: wakes.sectors,
      intervalMs: poll,
      pass: async (signal) => {
        const view = await viewer.view();
        // Seeds first: they are what a machine waits for.
        const watches = [watchSeeds, watchPreCommits, watchCommits, recheck];
        await inTurn(watches, (watch) => watch(modules, view, signal));
      },
    },
    {
      name: 'batches',
      wake: wakes.batches,
      intervalMs: () => Math.max(50, Math.min(poll(), batchNextMs)),
      pass: async (signal) => {
        const view = await viewer.view();
        batchNextMs = Number.POSITIVE_INFINITY;
        const batch = async (activity: Activity) => {
          const pass = await batchActivity(modules, activity, view, signal);
          batchNextMs = Math.min(batchNextMs, pass.nextMs);
          if (pass.formed > 0) wakes.messages.knock();
        };
        await inTurn([PRECOMMIT, COMMIT], batch);
      },
    },
    {
      name: 'messages',
      wake: wakes.messages,
      intervalMs: poll,
      pass: async (signal) => {
        // A sender that the chain does not answer for holds up none: each nonce is held against the chain's again.
        const reconcile = async () => {
          if (!reconciled) await pump.reconcile();
          reconciled = true;
        };
        const steps = [reconcile, () => pump.send(signal), () => pump.watch(signal)];
        await inTurn(steps, (step) => step());
      },
    },
    ...extra.map((duty) => ({ ...duty, wake: new Wake() })),
  ];
  return {
    duties,
    onHead: () => {
      wakes.sectors.knock();
      wakes.batches.knock();
      wakes.messages.knock();
    },
    onReverted,
  };
}
