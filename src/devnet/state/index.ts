export * from './chain-state.ts';
export * from './miner-state.ts';
export { PersistentMap } from './persistent-map.ts';
