export { type ConfiguredSigner, createSigner, openKeyStore } from './create-signer.ts';
export { createNodesWallet } from './nodes-wallet.ts';
export { createRemoteWalletApi } from './remote-wallet-api.ts';
