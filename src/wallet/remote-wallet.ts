import { encodeMessage, type Signature } from '#codec';
import type { AddressString } from '#core';
import type { Signer } from './signer.ts';

/**
 * What is signed, as a remote wallet is told. For a message `extra` is its CBOR, and the wallet checks that the bytes
 * to sign are its CID's. Source: Lotus `api/api_wallet.go`, `MsgMeta`.
 */
export interface SigningMeta {
  readonly type: 'message' | 'unknown';
  readonly extra: Uint8Array;
}

/** Lotus' wallet API, as `lotus-wallet` serves it: `WalletSign` has a third parameter there. */
export interface RemoteWalletApi {
  /** Host and port. */
  readonly node: string;
  walletSign(address: AddressString, data: Uint8Array, meta: SigningMeta): Promise<Signature>;
  walletHas(address: AddressString): Promise<boolean>;
  walletList(): Promise<readonly AddressString[]>;
}

/** A wallet on a machine of its own. */
export function createRemoteWallet(api: RemoteWalletApi): Signer {
  return {
    name: `wallet at ${api.node}`,
    addresses: () => api.walletList(),
    has: (address) => api.walletHas(address),
    sign: (from, data, message) =>
      api.walletSign(from, data, {
        type: message ? 'message' : 'unknown',
        extra: message ? encodeMessage(message) : new Uint8Array(),
      }),
  };
}
