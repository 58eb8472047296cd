import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { type BeeproError, inTurn } from '#core';
import type { RunningRole } from '../process-lifetime.ts';
import type { Activity } from './batch/activity.ts';
import { batchActivity } from './batcher.ts';
import { type ChainView, ChainViewer, pinnedTo } from './chain-view.ts';
import { COMMIT } from './commit-activity.ts';
import { watchCommits } from './commit-watch.ts';
import { type Duty, runDuty } from './duty.ts';
import { watchHead } from './head-clock.ts';
import { createPump } from './message-duty.ts';
import type { SealingModules } from './modules.ts';
import { PRECOMMIT } from './precommit-activity.ts';
import { watchPreCommits } from './precommit-watch.ts';
import { publishLeftovers } from './publisher.ts';
import { ChainRandomness } from './randomness.ts';
import { watchRandomness } from './randomness-watch.ts';
import { watchReorgs } from './reorg-watch.ts';
import { watchSeeds } from './seed-watch.ts';
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
  const { duties, onHead } = coordinatorDuties(modules, extra);
  const loops = [
    ...duties.map((duty) => runDuty(modules, holder, duty, stopping.signal)),
    watchHead(modules, onHead, stopping.signal),
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

export interface Coordinator {
  readonly duties: readonly Duty[];
  readonly onHead: () => void;
}

/** The duties of one coordinator, each to be done by whoever holds its lease. */
export function coordinatorDuties(modules: SealingModules, extra: readonly ExtraDuty[] = []): Coordinator {
  const { settings } = modules;
  const viewer = new ChainViewer(modules.chain);
  const randomness = new ChainRandomness();
  const wakes = { sectors: new Wake(), batches: new Wake(), messages: new Wake() };
  const pump = createPump(modules, () => wakes.sectors.knock());
  const poll = () => settings.get('chain.poll_interval');
  const hearing = new Hearing();
  let reconciled = false;
  let batchNextMs = Number.POSITIVE_INFINITY;

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
      // One node and one head for a whole pass, so that what it reads agrees.
      pass: (signal) =>
        modules.chain.onOneNode(async (node) => {
          const pinned = pinnedTo(modules, node);
          const view = await viewer.view(node);
          await watchChain(pinned, view, randomness, signal);
        }),
    },
    {
      name: 'batches',
      wake: wakes.batches,
      intervalMs: () => Math.max(50, Math.min(poll(), batchNextMs)),
      pass: (signal) =>
        modules.chain.onOneNode(async (node) => {
          const pinned = pinnedTo(modules, node);
          const view = await viewer.view(node);
          batchNextMs = Number.POSITIVE_INFINITY;
          const batch = async (activity: Activity) => {
            const pass = await batchActivity(pinned, activity, view, signal);
            batchNextMs = Math.min(batchNextMs, pass.nextMs);
            if (pass.formed > 0) wakes.messages.knock();
          };
          await inTurn([PRECOMMIT, COMMIT], batch);
        }),
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
  };
}

/**
 * What sectors wait for, one look at the chain. Whether it is still the chain of the last look comes first, then seeds:
 * they are what a machine waits for.
 */
export async function watchChain(
  modules: SealingModules,
  view: ChainView,
  randomness: ChainRandomness,
  signal: AbortSignal,
): Promise<void> {
  const watches = [
    () => watchReorgs(modules, view, randomness, signal),
    () => watchSeeds(modules, view, randomness, signal),
    () => watchPreCommits(modules, view, signal),
    () => watchCommits(modules, view, signal),
    () => watchRandomness(modules, view, randomness, signal),
  ];
  await inTurn(watches, (watch) => watch());
}
