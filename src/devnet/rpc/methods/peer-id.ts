import { base58btc } from 'multiformats/bases/base58';

/** A peer id as libp2p writes it: base58 without a prefix. */
export function peerIdText(bytes: Uint8Array): string {
  return base58btc.baseEncode(bytes);
}
