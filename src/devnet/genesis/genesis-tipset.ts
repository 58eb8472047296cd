import { type BlockHeader, dagCborCid, receiptsRoot } from '#codec';
import type { CidString } from '#core';
import { messagesRoot } from '../chain/block-header.ts';
import type { ChainSeed } from '../chain/chain-seed.ts';
import { type ExecutionResult, makeTipSet, type TipSet } from '../chain/tipset.ts';

/** The parent that genesis names; nothing lies behind it. Source: Lotus `build.GenesisParent…`, as recorded. */
const GENESIS_PARENT: CidString = 'bafyreiaqpwbbyjo4a42saasj36kkrpv4tsherf2e7bvezkert2a7dhonoi';
const GENESIS_BASE_FEE = 100_000_000n;

/** Epoch 0: no messages, no proofs. Its state is given, not computed. */
export function genesisTipSet(
  seed: ChainSeed,
  stateText: string,
  timestamp: number,
): { readonly tipSet: TipSet; readonly result: ExecutionResult } {
  const stateRoot = dagCborCid(new TextEncoder().encode(stateText));
  const receipts = receiptsRoot([]).root;
  const header: BlockHeader = {
    miner: 't00',
    ticket: seed.digest('genesis ticket'),
    electionProof: { winCount: 0, vrfProof: new Uint8Array() },
    beaconEntries: [seed.beacon(0)],
    winPoStProof: [],
    parents: [GENESIS_PARENT],
    parentWeight: 0n,
    height: 0,
    parentStateRoot: stateRoot,
    parentMessageReceipts: receipts,
    messages: messagesRoot([], []),
    blsAggregate: null,
    timestamp,
    blockSig: null,
    forkSignaling: 0,
    parentBaseFee: GENESIS_BASE_FEE,
  };
  const result = { stateRoot, receipts: [], receiptsRoot: receipts, nextBaseFee: 100n };
  return { tipSet: makeTipSet(header, []), result };
}
