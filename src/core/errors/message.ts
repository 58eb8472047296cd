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
