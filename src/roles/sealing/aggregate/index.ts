export { AggregateDesk, type AggregateJob } from './aggregate-desk.ts';
export {
  type AggregateInput,
  type AggregateMember,
  aggregateDigest,
  aggregateInput,
} from './aggregate-input.ts';
export { type AggregatorAbility, type ProofAggregator, SealerAggregator } from './sealer-aggregator.ts';
