import { BeeproError, type Epoch } from '#core';
import { Chain } from '../chain/chain.ts';
import { ChainSeed } from '../chain/chain-seed.ts';
import { ChainStore } from '../chain/chain-store.ts';
import { Overrides } from '../chain/overrides.ts';
import type { TipSet } from '../chain/tipset.ts';
import { genesisState } from '../genesis/genesis-state.ts';
import { genesisTipSet } from '../genesis/genesis-tipset.ts';
import type { ChainIdentity } from '../options.ts';
import type { SealVerifier } from '../proofs/seal-verifier.ts';
import { writeStateJson } from '../state/state-json.ts';
import { ChainLog, type LoadedTipSet } from './chain-log.ts';
import { FailureLog } from './failure-log.ts';
import { Snapshots } from './snapshots.ts';
import type { StateFolder } from './state-folder.ts';

/** Tipsets between two snapshots of the state. */
const SNAPSHOT_INTERVAL = 500;

export interface OpenChain {
  readonly chain: Chain;
  readonly failureLog: FailureLog;
  close(): void;
}

/**
 * The chain of a folder as it was left: tipsets from the log, the state from the newest snapshot and the messages
 * since, executed again and held to the roots that were recorded.
 * @throws BeeproError `DEVNET_DAMAGED`
 */
export async function openChain(
  folder: StateFolder,
  identity: ChainIdentity,
  verifier: SealVerifier,
  keep: { readonly states: number; readonly tipSets: number },
  onFailure: (error: unknown) => void,
): Promise<OpenChain> {
  const { policy, economy, constantRandomness, genesisTimestamp, blockTimeMs } = identity;
  const seed = new ChainSeed(identity.seed, identity.nullRounds);
  const store = new ChainStore(keep);
  const snapshots = new Snapshots(folder);
  const { log, tipSets } = ChainLog.open(folder);
  const overrides = Overrides.open(folder);
  const { log: failureLog, entries } = FailureLog.open(folder);
  let sinceSnapshot = 0;
  const chain = new Chain(
    store,
    {
      terms: { policy, economy, verifier },
      randomness: { seed, constant: constantRandomness },
      producer: 't01000',
      genesisTimestamp,
      blockTimeMs,
      overrides,
    },
    (tipSet, result, fork) => log.append(tipSet, result, fork),
  );
  const genesis = genesisState(identity.genesis, seed, policy);
  const { tipSet, result } = genesisTipSet(seed, writeStateJson(genesis), genesisTimestamp);
  store.add(tipSet, result, genesis);
  store.setHead(tipSet);
  for (const entry of entries) chain.failures.add(entry);
  await restore(folder, chain, snapshots, tipSets, keep.states);
  chain.heads.subscribe(() => {
    if (++sinceSnapshot < SNAPSHOT_INTERVAL) return;
    sinceSnapshot = 0;
    try {
      snapshots.save(chain.head, chain.headState, chain.head.height - keep.states);
    } catch (error) {
      // The chain goes on without: a start only has more to execute.
      onFailure(error);
    }
  });
  const close = (): void => {
    overrides.close();
    failureLog.close();
    log.close();
  };
  return { chain, failureLog, close };
}

async function restore(
  folder: StateFolder,
  chain: Chain,
  snapshots: Snapshots,
  loaded: readonly LoadedTipSet[],
  keepStates: Epoch,
): Promise<void> {
  const { store } = chain;
  let heaviest: TipSet = store.genesis;
  for (const { tipSet, result, fork } of loaded) {
    store.add(tipSet, result, undefined);
    chain.remember(tipSet, fork);
    if (tipSet.header.parentWeight > heaviest.header.parentWeight || heaviest.height === 0) heaviest = tipSet;
  }
  store.setHead(heaviest);
  // From far enough below the head that calls about the past and reorgs find their states.
  const snapshot = snapshots.newestBelow(heaviest.height - keepStates, store);
  if (snapshot) store.setState(snapshot.tipSet, snapshot.state);
  const missing: TipSet[] = [];
  for (let at: TipSet | undefined = heaviest; at && !store.stateAfter(at); at = store.parentOf(at))
    missing.push(at);
  for (const tipSet of missing.reverse()) {
    const recorded = store.resultOf(tipSet)?.stateRoot;
    const { state, result } = await chain.execute(tipSet);
    if (result.stateRoot !== recorded)
      throw new BeeproError('DEVNET_DAMAGED', {
        path: folder.path,
        detail: `executing height ${tipSet.height} again gives another state than was recorded`,
      });
    store.setState(tipSet, state);
  }
}
