export { type CollateralRules, collateralRules, collateralToSend, withMargin } from './collateral.ts';
export {
  type Batch,
  type BatchDecision,
  type BatchMember,
  type BatchReason,
  type BatchRules,
  companyAfter,
  decideBatches,
} from './decide.ts';
export { chooseExpiration } from './expiration.ts';
export { preCommitParams, proveCommitBytes, proveCommitParams, type SectorWithPieces } from './params.ts';
export {
  type CommitFacts,
  type PreCommitFacts,
  type PreCommitStanding,
  type PreCommitVerdict,
  preCommitStanding,
  preCommitVerdict,
} from './precheck.ts';
