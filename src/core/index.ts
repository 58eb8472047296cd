export * from './errors/index.ts';
export * from './ids.ts';
export * from './kill-point.ts';
export * from './money.ts';
export * from './phases.ts';
export * from './seal-proofs.ts';
export * from './secret-reference.ts';
export * from './sector-states.ts';
