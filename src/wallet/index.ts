/** Signing: the nodes' wallets, a remote wallet and a local encrypted key store behind one interface. */
export { KeyStore, type KeyStoreOptions } from './key-store.ts';
export { createNodeWallet, type WalletApi } from './node-wallet.ts';
export { createRemoteWallet, type RemoteWalletApi, type SigningMeta } from './remote-wallet.ts';
export { restingSigner, restMs } from './resting-signer.ts';
export { DEFAULT_SCRYPT_COST, type ScryptCost } from './sealed-box.ts';
export { type Signer, signMessage } from './signer.ts';
export { combineSigners, type Holdings, type SignerSet } from './signer-set.ts';
