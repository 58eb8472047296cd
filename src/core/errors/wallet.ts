import { defineErrors } from './define.ts';

export const WALLET_ERRORS = defineErrors({
  KEY_MALFORMED: {
    severity: 'permanent',
    message: 'The {what} is not usable: {detail}',
    cure: 'Export the key again with `lotus wallet export` and import that text unchanged.',
  },
  SECRET_UNREADABLE: {
    severity: 'permanent',
    message: 'The secret {reference} cannot be read: {detail}',
    cure: 'Set the environment variable or file that the reference names, readable by this user alone.',
  },
  WALLET_KEY_MISSING: {
    severity: 'permanent',
    message: 'No signer here holds the key of {address}',
    cure: 'Import the key, or choose a sender that `beepro wallet list` shows.',
  },
  WALLET_SIGNER_AWAY: {
    severity: 'temporary',
    message: 'The signer {signer} cannot be asked now: {detail}',
    cure: 'Its messages wait and are signed when it answers; no other key signs in its place. Check that it runs, its address and its token, and the setting wallet.signers.',
  },
  WALLET_KEY_EXISTS: {
    severity: 'permanent',
    message: 'The key store has a key for {address} already',
    cure: 'Nothing was changed; the key that is there stays in use.',
  },
  WALLET_STORE_LOCKED: {
    severity: 'permanent',
    message: 'The key store {path} cannot be opened: {detail}',
    cure: 'Check that the password reference names the right environment variable or file.',
  },
  WALLET_STORE_DAMAGED: {
    severity: 'permanent',
    message: 'The key store {path} is damaged: {detail}',
    cure: 'Restore the file from a backup; nothing was written to it.',
  },
  WALLET_SIGNATURE_WRONG: {
    severity: 'permanent',
    message: 'The signer answered for {address} with a signature that does not verify',
    cure: 'The message was not stored or sent. Check that the wallet is the intended one.',
  },
  SENDER_NOT_ALLOWED: {
    severity: 'permanent',
    message: 'Nobody may send a {purpose} message for {miner}: {detail}',
    cure: 'Name an address that the chain knows as owner, worker or control address (`beepro miner control list`), with `beepro setting set sender.…` or `beepro miner add --sender`.',
  },
  SENDER_SHARED_WITH_POST: {
    severity: 'permanent',
    message: 'The {purpose} messages of {miner} would share {address} with its window PoSts',
    cure: 'Give window PoSts a sender of their own (sender.post), or allow it with sender.post_shared. The batch waits, window PoSts do not.',
  },
  WALLET_MESSAGE_ENDED: {
    severity: 'permanent',
    message: 'Message {message} came to nothing: {detail}',
    cure: 'Nothing of it is on chain. Look at it with `beepro message show {message}` and give the command again.',
  },
  WALLET_NO_STORE: {
    severity: 'permanent',
    message: 'No key store is named: {detail}',
    cure: 'Name one in wallet.signers, such as "node, store /etc/beepro/keys.json password=file:/etc/beepro/keys.password", or with --store and --password.',
  },
  MINER_BALANCE_SHORT: {
    severity: 'permanent',
    message: '{wanted} cannot be withdrawn from {miner}: {available} are available',
    cure: 'Ask for less, or for all. Deposits, pledges and rewards that still vest are locked, and a fee debt comes first.',
  },
  MINER_FEE_DEBT: {
    severity: 'temporary',
    message:
      'Miner {miner} owes {debt} of fees and has {unlocked} unlocked: the chain takes no pre-commits and no recoveries',
    cure: 'Repay it with `beepro miner repay-debt`; what waits goes on by itself.',
  },
  MINER_CONSENSUS_FAULT: {
    severity: 'temporary',
    message:
      'A consensus fault was reported of miner {miner}: until epoch {until} the chain takes no pre-commits and no recoveries',
    cure: 'What waits goes on by itself after that epoch. Make sure that no two nodes mine for this miner.',
  },
});
