import { z } from 'zod';
import type { BlockHeader } from '#codec';
import { lotusObject } from './lotus-object.ts';
import { message, signature, signedMessage } from './message.ts';
import { address, bigInt, bytes, cid, epoch, int, list, listOrNull, tipSetKey, uint } from './primitives.ts';

export const beaconEntry = lotusObject({ round: uint, data: bytes });
export const postProof = lotusObject({ postProof: int, proofBytes: bytes }, { postProof: 'PoStProof' });
export const electionProof = lotusObject({ winCount: int, vrfProof: bytes }, { vrfProof: 'VRFProof' });

/** The VRF proof alone. */
export const ticket: z.ZodType<Uint8Array> = z.codec(z.object({ VRFProof: bytes }), z.custom<Uint8Array>(), {
  decode: (json) => json.VRFProof,
  encode: (value) => ({ VRFProof: value }),
});

export const blockHeader: z.ZodType<BlockHeader> = lotusObject(
  {
    miner: address,
    ticket: ticket.nullable(),
    electionProof: electionProof.nullable(),
    beaconEntries: listOrNull(beaconEntry),
    winPoStProof: listOrNull(postProof),
    parents: listOrNull(cid),
    parentWeight: bigInt,
    height: epoch,
    parentStateRoot: cid,
    parentMessageReceipts: cid,
    messages: cid,
    blsAggregate: signature.nullable(),
    timestamp: uint,
    blockSig: signature.nullable(),
    forkSignaling: uint,
    parentBaseFee: bigInt,
  },
  { blsAggregate: 'BLSAggregate' },
);

export const tipSet = lotusObject({ cids: tipSetKey, blocks: list(blockHeader), height: epoch });

/** `current` is the first of a subscription; after it tipsets are applied and reverted one by one. */
export const headChange = lotusObject({ type: z.enum(['current', 'apply', 'revert']), val: tipSet });

export const blockMessages = lotusObject({
  blsMessages: list(message),
  secpkMessages: list(signedMessage),
  cids: list(cid),
});

/** A signed block as it is gossiped: header and the CIDs of its messages. */
export const blockMessage = lotusObject({
  header: blockHeader,
  blsMessages: listOrNull(cid),
  secpkMessages: listOrNull(cid),
});

/** What `MinerCreateBlock` is asked to make a block of. */
export const blockTemplate = lotusObject({
  miner: address,
  parents: tipSetKey,
  ticket,
  eproof: electionProof,
  beaconValues: list(beaconEntry),
  messages: list(signedMessage),
  epoch,
  timestamp: uint,
  winningPoStProof: list(postProof),
});

export type TipSet = z.output<typeof tipSet>;
export type HeadChange = z.output<typeof headChange>;
export type BlockMessages = z.output<typeof blockMessages>;
export type BlockMessage = z.output<typeof blockMessage>;
export type BlockTemplate = z.output<typeof blockTemplate>;
