import { defineErrors } from './define.ts';

/** Messages on their way to the chain: why one waits, or was given up. */
export const MESSAGE_ERRORS = defineErrors({
  MESSAGE_FEE_OVER_CAP: {
    severity: 'temporary',
    message: 'Sending now costs up to {needed} attoFIL, the fee cap of {purpose} is {cap} attoFIL',
    cure: 'It goes out by itself when the base fee falls; raise the cap with `beepro setting set` to send it now.',
  },
  MESSAGE_SENDER_FUNDS: {
    severity: 'temporary',
    message: 'The sender {from} has {balance} attoFIL, the message needs {needed} attoFIL',
    cure: 'Send FIL to that address; the message goes out by itself.',
  },
  MESSAGE_MINER_FUNDS: {
    severity: 'temporary',
    message: 'The miner’s balance does not cover the collateral: {detail}',
    cure: 'Add FIL to the miner or its sender; the message goes out by itself.',
  },
  MESSAGE_SENDER_BUSY: {
    severity: 'temporary',
    message:
      'The sender {from} has {pending} messages that are not on chain yet; mempools take no more ahead',
    cure: 'It takes its nonce when they land. Look at the first of them with `beepro message list --state pushed`.',
  },
  MESSAGE_SENDER_UNSETTLED: {
    severity: 'temporary',
    message:
      'The chain or a mempool has messages of {from} that this database does not know, from nonce {nonce} on; they are being looked up',
    cure: 'Nothing is signed for this sender until then. Other software uses the key, or the database was restored.',
  },
  MESSAGE_MAY_BE_DOUBLE: {
    severity: 'temporary',
    message: 'The message {cid} (nonce {nonce}), which this database did not send, is for the same sectors',
    cure: 'It is decided when that nonce is final on chain. See `beepro message foreign`.',
  },
  MESSAGE_PAST_UNKNOWN: {
    severity: 'temporary',
    message:
      'Nonce {nonce} of {from} was used by a message that no node can show any more: it may have been this one',
    cure: 'Look at the account in an explorer. Was it not this one: `beepro message cancel`, and order it again.',
  },
  MESSAGE_LAPSED: {
    severity: 'permanent',
    message: 'The message has no purpose any more: {detail}',
    cure: 'Nothing needs to be done; its nonce, where it had one, is freed by a transfer of nothing to the sender itself.',
  },
  MESSAGE_REFUSED: {
    severity: 'permanent',
    message: 'No node takes the message, after {tries} tries: {detail}',
    cure: 'Its nonce is freed by a transfer of nothing to the sender itself, and its sectors are batched again.',
  },
  MESSAGE_CANCELLED: {
    severity: 'permanent',
    message: 'The message was cancelled: {reason}',
    cure: 'Its sectors are batched again.',
  },
  MESSAGE_NOT_REPLACEABLE: {
    severity: 'permanent',
    message: 'Message {id} cannot be replaced: {detail}',
    cure: 'Nothing was changed. `beepro message show` says where it stands and what it pays.',
  },
  MESSAGE_NOT_CANCELLABLE: {
    severity: 'permanent',
    message: 'Message {id} cannot be cancelled: {detail}',
    cure: 'Nothing was changed. What the chain has executed cannot be taken back.',
  },
  MESSAGE_REPLACEMENTS_SPENT: {
    severity: 'temporary',
    message: 'Its fee is too low, and it was replaced {count} times already',
    cure: 'It goes out when the base fee falls. `beepro message replace` makes it dearer now.',
  },
  MESSAGE_FAILED_ON_CHAIN: {
    severity: 'permanent',
    message: 'The message was executed and failed with exit code {exitCode}',
    cure: 'Its sectors are batched again with back-off; look at the actor’s reason with `beepro message show`.',
  },
  MESSAGE_NONCE_LOST: {
    severity: 'permanent',
    message: 'Nonce {nonce} of {from} is final on chain with another message',
    cure: 'Other software uses this sender, or the database was restored. Its sectors are batched again.',
  },
  MESSAGE_UNDECODABLE: {
    severity: 'permanent',
    message: 'The return value of message {cid} does not fit its {members} members',
    cure: 'The network’s actors are newer than this program. Its sectors are looked up on chain one by one.',
  },
});
