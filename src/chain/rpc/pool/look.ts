import { type BeeproError, isBeeproError, toBeeproError } from '#core';
import { readAnswer, writeParams } from '../method-caller.ts';
import type { LotusMethod, LotusParams, LotusResult } from '../methods.ts';
import type { ChainSchedule, HeadSeen } from './health.ts';
import { expectedEpoch } from './health.ts';
import type { ChainIdentity } from './identity.ts';
import type { PoolNode } from './pool-node.ts';

/** Lotus counts how far a head is behind in units of 30 s, whatever the network's block delay (`NodeStatus`). */
const BEHIND_UNIT_S = 30;
/** `SyncState` stages at which nothing is being synced: idle, complete, error. */
const AT_REST: ReadonlySet<number> = new Set([0, 4, 5]);

export interface Look {
  readonly head: HeadSeen;
  readonly tipSetKey: readonly string[];
  readonly syncing: string | undefined;
  /** Undefined when it was not asked for. */
  readonly identity: ChainIdentity | undefined;
  readonly schedule: ChainSchedule | undefined;
}

/**
 * A look at a node's health, by calls that cost it little and do not wait in its queue. Which chain it serves is asked
 * only when `withIdentity` says so. @throws BeeproError `CHAIN_…`
 */
export async function lookAt(node: PoolNode, timeoutMs: number, withIdentity: boolean): Promise<Look> {
  const ask = <M extends LotusMethod>(method: M, ...params: LotusParams<M>): Promise<LotusResult<M>> =>
    askDirectly(node, timeoutMs, method, params);
  // What not every node has (Forest) is asked for once in a while.
  const offered = async <M extends LotusMethod>(method: M, ...params: LotusParams<M>) => {
    if (node.lackedMethods.has(method, performance.now())) return undefined;
    try {
      return await ask(method, ...params);
    } catch (error) {
      const lacks =
        isBeeproError(error, 'CHAIN_METHOD_UNKNOWN') || isBeeproError(error, 'CHAIN_AUTH_REFUSED');
      if (lacks) node.lackedMethods.add(method, performance.now());
      else if (!isBeeproError(error, 'CHAIN_RPC_FAILED')) throw error;
      return undefined;
    }
  };
  const [head, status, networkName, networkVersion, genesis, params] = await Promise.all([
    ask('ChainHead'),
    offered('NodeStatus', false),
    withIdentity ? ask('StateNetworkName') : undefined,
    withIdentity ? ask('StateNetworkVersion', []) : undefined,
    withIdentity ? ask('ChainGetGenesis') : undefined,
    withIdentity ? offered('StateGetNetworkParams') : undefined,
  ]);
  const at = performance.now();
  const schedule = params && {
    genesisTimestamp: params.genesisTimestamp,
    blockDelay: params.blockDelaySecs,
  };
  const known = schedule ?? node.schedule;
  const timestamp = head.blocks[0]?.timestamp;
  const expected =
    known && timestamp !== undefined
      ? expectedEpoch(known, { height: head.height, timestamp }, Date.now())
      : undefined;
  const behind =
    status && known ? Math.floor((status.syncStatus.behind * BEHIND_UNIT_S) / known.blockDelay) : undefined;
  const isBehind = expected !== undefined && expected - head.height > 1;
  const sync = isBehind ? await offered('SyncState') : undefined;
  return {
    head: { height: head.height, at, expected, behind },
    tipSetKey: head.cids,
    syncing: sync && syncText(sync),
    schedule,
    identity:
      networkName === undefined || networkVersion === undefined || genesis === undefined
        ? undefined
        : { networkName, networkVersion, genesisCid: genesis.cids[0] ?? '' },
  };
}

async function askDirectly<M extends LotusMethod>(
  node: PoolNode,
  timeoutMs: number,
  method: M,
  params: LotusParams<M>,
): Promise<LotusResult<M>> {
  const started = performance.now();
  let failure: BeeproError | undefined;
  try {
    const answer = await node.transport.request(method, writeParams(method, params), { timeoutMs });
    return readAnswer(node.name, method, answer) as LotusResult<M>;
  } catch (error) {
    failure = toBeeproError(error);
    throw failure;
  } finally {
    const lacks = failure?.code === 'CHAIN_METHOD_UNKNOWN';
    if (failure?.code !== 'CHAIN_CANCELLED')
      node.counter.count(method, performance.now() - started, failure !== undefined && !lacks);
  }
}

/** `syncing 1200 of 5000`: the farthest of the syncs under way. */
function syncText(state: LotusResult<'SyncState'>): string | undefined {
  const active = state.activeSyncs
    .filter(({ stage, target }) => target !== null && !AT_REST.has(stage))
    .toSorted((a, b) => (b.target?.height ?? 0) - (a.target?.height ?? 0))[0];
  return active?.target ? `syncing, at ${active.height} of ${active.target.height}` : undefined;
}
