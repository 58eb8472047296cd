import { type BlockHeader, blockMessagesRoot, blsAggregate, type SignedMessage } from '#codec';
import type { AddressString, AttoFil, CidString, Epoch } from '#core';
import type { ChainSeed } from './chain-seed.ts';
import { type ChainMessage, isBlsMessage } from './tipset.ts';

/** What a header is made of; all else follows from the chain's seed. */
export interface BlockParts {
  readonly miner: AddressString;
  readonly height: Epoch;
  readonly parent: CidString;
  readonly parentHeight: Epoch;
  readonly parentWeight: bigint;
  readonly parentStateRoot: CidString;
  readonly parentReceiptsRoot: CidString;
  readonly baseFee: AttoFil;
  /** Unix time, in seconds. */
  readonly timestamp: number;
  /** Tells blocks of one height on different forks apart. */
  readonly fork: number;
  readonly messages: readonly ChainMessage[];
}

/** Winning PoSt is not computed; Lotus' 2k networks carry these bytes too. */
const PLACEHOLDER_PROOF = new TextEncoder().encode('valid proof');

/**
 * A block as the chain's own producer makes it. Its ticket, election proof and signature are drawn from the seed:
 * there is one producer, and nobody to convince.
 */
export function makeHeader(seed: ChainSeed, parts: BlockParts): BlockHeader {
  const { height, fork, messages } = parts;
  const bls = messages.filter(isBlsMessage);
  const secp = messages.filter((message) => !isBlsMessage(message));
  const rounds = Array.from(
    { length: height - parts.parentHeight },
    (_, index) => parts.parentHeight + 1 + index,
  );
  return {
    miner: parts.miner,
    ticket: seed.vrf('ticket', height, fork),
    electionProof: { winCount: 1, vrfProof: seed.vrf('election', height, fork) },
    beaconEntries: rounds.map((round) => seed.beacon(round)),
    winPoStProof: [{ postProof: 0, proofBytes: PLACEHOLDER_PROOF }],
    parents: [parts.parent],
    parentWeight: parts.parentWeight,
    height,
    parentStateRoot: parts.parentStateRoot,
    parentMessageReceipts: parts.parentReceiptsRoot,
    messages: messagesRoot(bls, secp),
    blsAggregate: { type: 'bls', data: aggregate(bls.map(({ signed }) => signed)) },
    timestamp: parts.timestamp,
    blockSig: { type: 'bls', data: seed.vrf('block signature', height, fork) },
    forkSignaling: 0,
    parentBaseFee: parts.baseFee,
  };
}

export function messagesRoot(bls: readonly ChainMessage[], secp: readonly ChainMessage[]): CidString {
  const cids = (messages: readonly ChainMessage[]) => messages.map(({ cid }) => cid);
  return blockMessagesRoot(cids(bls), cids(secp)).root;
}

function aggregate(messages: readonly SignedMessage[]): Uint8Array {
  return blsAggregate(messages.map(({ signature }) => signature.data));
}
