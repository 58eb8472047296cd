/** The chain as the rest of the project uses it: the Lotus client and the network's policy numbers. */

export * from './batching/index.ts';
export * from './funds/index.ts';
export * from './messages/index.ts';
export * from './policy/index.ts';
export * from './rpc/index.ts';
export * from './signing/index.ts';
