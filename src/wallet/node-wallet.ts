import type { Message, Signature, SignedMessage } from '#codec';
import type { AddressString } from '#core';
import { type Signer, signatureOfSame } from './signer.ts';

/** The part of a Lotus node that signs; the chain client has it. */
export interface WalletApi {
  readonly node: string;
  walletSign(address: AddressString, data: Uint8Array): Promise<Signature>;
  walletSignMessage?(address: AddressString, message: Message): Promise<SignedMessage>;
  walletHas(address: AddressString): Promise<boolean>;
  walletList(): Promise<readonly AddressString[]>;
}

/**
 * The node's own wallet: the keys never leave it. The token needs the `sign` permission. With `WalletSignMessage` the
 * node is given the message, not its CID, and a wallet behind it can show what is signed.
 */
export function createNodeWallet(
  api: WalletApi,
  method: 'WalletSign' | 'WalletSignMessage' = 'WalletSign',
): Signer {
  return {
    name: `wallet of ${api.node}`,
    addresses: () => api.walletList(),
    has: (address) => api.walletHas(address),
    sign: async (from, data, message) => {
      if (method === 'WalletSign' || !message || !api.walletSignMessage) return api.walletSign(from, data);
      return signatureOfSame(message, await api.walletSignMessage(from, message));
    },
  };
}
