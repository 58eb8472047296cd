export * from './batch-queue.ts';
export * from './chain-nodes.ts';
export * from './foreign-messages.ts';
export * from './held-sectors.ts';
export * from './landed-files.ts';
export * from './leases.ts';
export * from './message-flights.ts';
export * from './message-nodes.ts';
export * from './message-sectors.ts';
export * from './message-versions.ts';
export * from './messages.ts';
export * from './miners.ts';
export * from './offered-runs.ts';
export * from './operator-word.ts';
export * from './outbox.ts';
<<<<<<< HEAD
export * from './own-blocks.ts';
export * from './pace.ts';
=======
>>>>>>> dispatch
export * from './params-trust.ts';
export * from './phase-runs.ts';
export * from './pieces.ts';
export * from './pledging.ts';
export * from './queue-pauses.ts';
export * from './resting-sectors.ts';
export * from './run-claims.ts';
export * from './run-durations.ts';
export * from './sector-events.ts';
export * from './sectors.ts';
export * from './seen-tipsets.ts';
export * from './senders.ts';
export { readServerTime, serverNow, serverTimeIn } from './server-time.ts';
export * from './settings.ts';
export * from './storage-paths.ts';
export * from './workers.ts';
