import type { ChainApi } from '#chain';
import { outsourceDuty, rehomeDuty, type SealingModules } from '../../../../src/roles/sealing/index.ts';
import { publishLeftovers } from '../../../../src/roles/sealing/publisher.ts';
import { Hearing, queueDue, sweepExpired, sweepQueued } from '../../../../src/roles/sealing/sweeper.ts';
import type { Fleet } from './fleet.ts';

/** The head of a double of the chain, and what a pre-commit has locked there. */
export const CHAIN = { head: 5_000, deposit: 2n * 10n ** 17n } as { head: number; deposit: bigint };

/** The few answers that re-homing needs: the pre-commits are as the rows have them. */
export function chainApiDouble(): ChainApi {
  const answers = {
    chainHead: async () => ({ height: CHAIN.head, cids: [], blocks: [] }),
    stateNetworkVersion: async () => 28,
    stateGetNetworkParams: async () => ({ preCommitChallengeDelay: 150, blockDelaySecs: 30 }),
    stateSectorPreCommitInfo: async () => ({ preCommitDeposit: CHAIN.deposit, preCommitEpoch: 4_900 }),
  };
  return answers as unknown as ChainApi;
}

/** What re-homing and offering by hand need of a fleet. */
export function sealingModules(fleet: Fleet): SealingModules {
  const { database: db, bus, settings, log } = fleet;
  const modules = { db, bus, settings, log, chain: chainApiDouble() };
  return modules as unknown as SealingModules;
}

export interface MiniCoordinator {
  stop(): Promise<void>;
}

/** Publishing, sweeping, offering and re-homing, as the sealing role does them; messages and batches are not here. */
export function startMiniCoordinator(fleet: Fleet, everyMs = 100): MiniCoordinator {
  const stopping = new AbortController();
  const { signal } = stopping;
  const modules = sealingModules(fleet);
  const hearing = new Hearing();
  const passes = [
    () => publishLeftovers(modules, signal),
    () => queueDue(modules, signal),
    () => sweepExpired(modules, signal, hearing),
    () => sweepQueued(modules, signal),
    ...[outsourceDuty(modules), rehomeDuty(modules)].map((duty) => () => duty.pass(signal)),
  ];
  const loop = (async () => {
    while (!signal.aborted) {
      for (const pass of passes) {
        await pass().catch((error: unknown) => fleet.log.warn({ err: error }, 'a pass failed'));
      }
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await loop;
    },
  };
}
