export {
  type AccountMessage,
  accountFee,
  addressChange,
  debtRepayment,
  recordAccountMessage,
  transfer,
  withdrawal,
  workerConfirmation,
} from './account-messages.ts';
export { accountKey, accountKeyIfAny, minerInfoAt } from './chain-facts.ts';
export { chooseSender, type SenderChoice, type SenderModules, type SenderQuestion } from './choose-sender.ts';
export {
  type MinerFacts,
  type MinerStanding,
  minerStanding,
  type StandingView,
  standingOf,
} from './miner-standing.ts';
export { type FundedSender, type PickedSender, pickSender } from './pick-sender.ts';
export { readSenderLists, type SenderLists, type SenderRole, senderPurposeOf } from './sender-lists.ts';
