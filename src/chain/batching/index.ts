export {
  type AggregateMode,
  type AggregationCase,
  type AggregationRules,
  type AggregationVerdict,
  aggregationVerdict,
  mostInAggregate,
  proofBytesOf,
} from './aggregation.ts';
export { type BatchVerdict, type Bisection, bisect, MOST_ESTIMATES } from './bisect.ts';
export { type Blame, blameOf } from './blame.ts';
export { type CollateralRules, collateralRules, collateralToSend, withMargin } from './collateral.ts';
export {
  type BaseFeeWord,
  type Batch,
  type BatchDecision,
  type BatchMember,
  type BatchReason,
  type BatchRules,
  companyAfter,
  decideBatches,
  type WaitingGroup,
} from './decide.ts';
export { chooseExpiration } from './expiration.ts';
export {
  aggregateGas,
  aggregateProofBytes,
  partitionsOf,
  preCommitGas,
  proveCommitGas,
  sealProofBytes,
  USUAL_PREMIUM,
} from './gas-model.ts';
export {
  type BatchForm,
  type BatchRoom,
  fitsMessage,
  messageBytes,
  messageLimit,
  signedBytes,
  WIDEST_MESSAGE,
} from './message-size.ts';
export {
  type ManifestPiece,
  manifestBytes,
  preCommitBytes,
  preCommitParams,
  proofBytes,
  proveCommitParams,
  type SectorWithPieces,
  SNARK_PACK_V2,
} from './params.ts';
export {
  type CommitFacts,
  type PreCommitFacts,
  type PreCommitStanding,
  type PreCommitVerdict,
  preCommitStanding,
  preCommitVerdict,
} from './precheck.ts';
