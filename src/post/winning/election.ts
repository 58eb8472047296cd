import { type BeaconEntry, concatBytes, drawRandomnessFromBase, minerEntropy, RANDOMNESS } from '#codec';
import type { ActorId, Epoch } from '#core';

/** An epoch's ticket is drawn one epoch behind it. Source: Lotus `build.TicketRandomnessLookback`. */
const TICKET_LOOKBACK: Epoch = 1;

/** The entry that an epoch draws from: its newest, or the last before it when the epoch brought none. */
export function drawingEntry(entries: readonly BeaconEntry[], previous: BeaconEntry): BeaconEntry {
  return entries.at(-1) ?? previous;
}

/** What the worker's key signs to take part in the election of `epoch`; the signature is the VRF's proof. 32 bytes. */
export function electionInput(entry: BeaconEntry, epoch: Epoch, miner: ActorId): Uint8Array {
  return drawRandomnessFromBase(entry.data, RANDOMNESS.electionProof, epoch, minerEntropy(miner));
}

/**
 * What the worker's key signs to make the block's ticket: bound to the smallest ticket of the base, so that it is made
 * anew when the base loses blocks. 32 bytes. Source: Lotus `miner.computeTicket`, after the upgrade "smoke".
 */
export function ticketInput(
  entry: BeaconEntry,
  epoch: Epoch,
  miner: ActorId,
  baseTicket: Uint8Array,
): Uint8Array {
  const entropy = concatBytes(minerEntropy(miner), baseTicket);
  return drawRandomnessFromBase(entry.data, RANDOMNESS.ticketProduction, epoch - TICKET_LOOKBACK, entropy);
}

/** The challenge of the winning PoSt of `epoch`, a field element: its two highest bits are zero. 32 bytes. */
export function winningPoStChallenge(entry: BeaconEntry, epoch: Epoch, miner: ActorId): Uint8Array {
  const drawn = drawRandomnessFromBase(entry.data, RANDOMNESS.winningPoSt, epoch, minerEntropy(miner));
  const challenge = Uint8Array.from(drawn);
  challenge[31] = (challenge[31] ?? 0) & 0x3f;
  return challenge;
}
