export type { MessageModules, MessageNote, MessageRules } from './context.ts';
export { decideFee, type FeeDecision, feeOf, type Gas, replacementGas } from './fee.ts';
export { type FeeCaps, type FeeSubject, feeCaps, feePurposeOf } from './fee-caps.ts';
export { type FoundMessage, searchVersions } from './lookup.ts';
export { type MemberOutcome, memberOutcome } from './outcome.ts';
export { createMessagePump, type MessagePump } from './pump.ts';
export { resolveSender } from './sender.ts';
export { messageBackoffMs } from './setback.ts';
