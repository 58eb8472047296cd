import type { LotusMethod } from '#chain';
import { type BlockHeader, blake2b256, blockCid } from '#codec';
import type { CidString } from '#core';
import type { ChainSeed } from '../chain/chain-seed.ts';
import type { Lies } from './faults.ts';

interface ShownTipSet {
  readonly cids: readonly CidString[];
  readonly blocks: readonly BlockHeader[];
  readonly height: number;
}

/** A tipset that nobody made: the block of the true one, at another height and with a ticket of its own. */
export function inventedTipSet(seed: ChainSeed, truth: ShownTipSet, height: number): ShownTipSet {
  const [block] = truth.blocks;
  if (!block) return truth;
  const ticket = seed.vrf('a ticket that nobody drew', height);
  const invented: BlockHeader = { ...block, height, ticket };
  return { cids: [blockCid(invented)], blocks: [invented], height };
}

/** The genesis of a chain that is not this one. */
function otherGenesis(truth: ShownTipSet): ShownTipSet {
  const [block] = truth.blocks;
  if (!block) return truth;
  const invented: BlockHeader = {
    ...block,
    timestamp: block.timestamp + 30,
    ticket: blake2b256(new Uint8Array([1])),
  };
  return { ...truth, cids: [blockCid(invented)], blocks: [invented] };
}

/** The answer of a method in a liar's words. */
export function bent(lies: Lies, seed: ChainSeed, method: LotusMethod, truth: unknown): unknown {
  const { networkName, networkVersion, headAhead } = lies;
  if (method === 'StateNetworkName' && networkName !== undefined) return networkName;
  if (method === 'StateGetNetworkParams' && networkName !== undefined)
    return { ...(truth as object), networkName };
  if (method === 'StateNetworkVersion' && networkVersion !== undefined) return networkVersion;
  if (method === 'ChainGetGenesis' && lies.otherGenesis) return otherGenesis(truth as ShownTipSet);
  if (method === 'ChainHead' && headAhead !== undefined) return bentHead(lies, seed, truth as ShownTipSet);
  return truth;
}

/** A head in a liar's words. */
export function bentHead<T extends ShownTipSet>(lies: Lies, seed: ChainSeed, truth: T): T | ShownTipSet {
  return lies.headAhead === undefined ? truth : inventedTipSet(seed, truth, truth.height + lies.headAhead);
}
