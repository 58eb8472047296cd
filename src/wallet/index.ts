/** Signing: the node's own wallet and a local encrypted key store behind one interface. */
export { KeyStore, type KeyStoreOptions } from './key-store.ts';
export { createNodeWallet, type WalletApi } from './node-wallet.ts';
export { DEFAULT_SCRYPT_COST, type ScryptCost } from './sealed-box.ts';
export { type Signer, signMessage } from './signer.ts';
export { combineSigners } from './signer-set.ts';
