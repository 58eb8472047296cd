export type * from './chain.ts';
export type * from './messages.ts';
export type * from './mining.ts';
export type * from './operators.ts';
export type * from './sectors.ts';
export type * from './storage.ts';
export type * from './tables.ts';
export type * from './workers.ts';
