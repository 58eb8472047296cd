import { isKeyAddress, signingBytes, verifySignature } from '#codec';
import { LotusError } from '../../lotus-error.ts';
import { findActor } from '../../state/index.ts';
import { defineHandlers } from '../handlers.ts';

export const WALLET_HANDLERS = defineHandlers({
  WalletNew: ({ wallet }, type) => wallet.create(type),
  WalletHas: ({ wallet }, address) => wallet.has(address),
  WalletList: ({ wallet }) => wallet.list(),
  WalletDefaultAddress: ({ wallet }) => {
    const address = wallet.defaultAddress;
    if (!address) throw new LotusError('failed to get default address: key info not found');
    return address;
  },
  WalletBalance: ({ chain }, address) => findActor(chain.stateAt(chain.head), address)?.balance ?? 0n,
  WalletSign: ({ wallet }, address, data) => wallet.sign(address, data),
  WalletSignMessage: ({ wallet }, address, message) => ({
    message,
    signature: wallet.sign(address, signingBytes(message)),
  }),
  WalletVerify: (_context, address, data, signature) => {
    if (!isKeyAddress(address))
      throw new LotusError('must resolve ID addresses before using them to verify a signature');
    return verifySignature(signature, address, data);
  },
});
