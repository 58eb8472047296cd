export { type Cancelled, cancelMessage } from './cancel.ts';
export type { MessageModules, MessageNote, MessageRules } from './context.ts';
export {
  decideFee,
  type FeeDecision,
  feeOf,
  type Gas,
  type MessageCaps,
  marketGas,
  type Prices,
  replacementGas,
} from './fee.ts';
export { type FeeCaps, type FeeSubject, feeCaps, feePurposeOf } from './fee-caps.ts';
export { findGap, type Gap, type GapFacts } from './gaps.ts';
export { type Market, MarketReader } from './market.ts';
export { type IntentContent, type Match, matchForeign } from './matching.ts';
export { operatorGas, type ReplaceRequest } from './operator-gas.ts';
export { type MemberOutcome, memberOutcome } from './outcome.ts';
export { createMessagePump, type MessagePump } from './pump.ts';
export { refusedForGood } from './refused.ts';
export { replaceMessage } from './replace.ts';
export { resolveSender } from './sender.ts';
export { messageBackoffMs } from './setback.ts';
export { type StuckFacts, type StuckRules, type StuckVerdict, stuckVerdict } from './stuck.ts';
