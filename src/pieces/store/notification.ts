import { fromHex, parseAddress } from '#codec';
import { type AddressString, BeeproError, type Bytes, isBeeproError } from '#core';

/** Whom the chain tells of a piece when its sector is proven, and with what. */
export interface PieceNotification {
  readonly address: AddressString;
  /** Lower-case hex. */
  readonly payload: string;
}

/** It goes into the prove-commit with every other piece of the batch: it must leave room there. */
const MOST_PAYLOAD: Bytes = 4_096;

/**
 * Reads `ADDRESS:HEXPAYLOAD`. The address must be one that can be called: an id, or an actor's own (FIP-0076 has the
 * miner call it). A payload may be empty.
 * @throws BeeproError `INPUT_INVALID`
 */
export function parseNotification(text: string): PieceNotification {
  const refuse = (detail: string, cause?: unknown) =>
    new BeeproError('INPUT_INVALID', { what: '--notify', detail }, { cause });
  const [, address = '', hex = ''] = /^([^:]+):(?:0x)?([0-9a-fA-F]*)$/.exec(text.trim()) ?? [];
  if (address === '') throw refuse('write ADDRESS:HEXPAYLOAD, such as f05:8201f6');
  let protocol: number;
  try {
    protocol = parseAddress(address).protocol;
  } catch (error) {
    if (!isBeeproError(error, 'ADDRESS_MALFORMED')) throw error;
    throw refuse(error.message, error);
  }
  if (protocol === 1 || protocol === 3)
    throw refuse(`${address} is the address of a key: only actors can be told`);
  const payload = fromHex(hex.toLowerCase());
  if (!payload) throw refuse('the payload must have two hex digits for each byte');
  if (payload.length > MOST_PAYLOAD)
    throw refuse(`the payload has ${payload.length} bytes, at most ${MOST_PAYLOAD} are taken`);
  return { address, payload: hex.toLowerCase() };
}
