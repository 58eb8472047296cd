import type { Signature } from '#codec';
import type { AddressString } from '#core';
import type { Signer } from './signer.ts';

/** The part of a Lotus node that signs; the chain client has it. */
export interface WalletApi {
  readonly node: string;
  walletSign(address: AddressString, data: Uint8Array): Promise<Signature>;
  walletHas(address: AddressString): Promise<boolean>;
  walletList(): Promise<readonly AddressString[]>;
}

/** The node's own wallet, by `WalletSign`: the keys never leave it. The token needs the `sign` permission. */
export function createNodeWallet(api: WalletApi): Signer {
  return {
    name: `wallet of ${api.node}`,
    addresses: () => api.walletList(),
    has: (address) => api.walletHas(address),
    sign: (from, data) => api.walletSign(from, data),
  };
}
