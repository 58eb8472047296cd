import { accountAddresses, duration, flag, integer, oneOf, signers } from '../types/index.ts';
import { defineSettings } from './define-settings.ts';

/** What messages are for, as far as their senders differ. */
export const SENDER_PURPOSES = ['precommit', 'commit', 'post', 'terminate'] as const;
export type SenderPurpose = (typeof SENDER_PURPOSES)[number];

export const WALLET_SETTINGS = defineSettings({
  'wallet.signers': {
    type: signers(),
    default: 'node',
    scope: 'global',
    doc: 'Who signs, in order of preference: the first that holds a sender’s key. The nodes’ wallets, a remote wallet with Lotus’ wallet API, or the key store in a file. While one that may hold the key is away, messages wait.',
  },
  'wallet.sign_timeout': {
    type: duration({ min: 1_000, max: 240_000 }),
    default: '2m',
    scope: 'global',
    doc: 'How long a remote wallet may take for a signature: a person may have to confirm it there.',
  },
  'sender.precommit': {
    type: accountAddresses(),
    default: '',
    scope: 'miner',
    doc: 'Who sends pre-commits: owner, worker or control addresses of the miner, the preferred first; the first that can pay. Empty: the miner’s sender (`beepro miner add --sender`), else its worker.',
  },
  'sender.commit': {
    type: accountAddresses(),
    default: '',
    scope: 'miner',
    doc: 'Who sends prove-commits, as sender.precommit says.',
  },
  'sender.post': {
    type: accountAddresses(),
    default: '',
    scope: 'miner',
    doc: 'Who sends window PoSts, recoveries and what else a deadline waits for. Empty: a control address that sends nothing else, else the worker.',
  },
  'sender.terminate': {
    type: accountAddresses(),
    default: '',
    scope: 'miner',
    doc: 'Who sends terminations, extensions and the rest, as sender.precommit says.',
  },
  'sender.post_shared': {
    type: flag(),
    default: 'false',
    scope: 'miner',
    doc: 'Let sender.post name addresses that also send batches. A cheap batch with an earlier nonce then holds up window PoSts.',
  },
  'collateral.source': {
    type: oneOf('miner-first', 'sender', 'miner-only'),
    default: 'miner-first',
    scope: 'miner',
    doc: 'Who brings deposits and pledges: miner-first takes what the miner has available and the rest from the sender; sender leaves the miner’s balance alone; miner-only takes nothing from the sender, and messages wait while the miner lacks it.',
  },
  'collateral.margin': {
    type: integer({ min: 0, max: 100, unit: 'percent' }),
    default: '10',
    scope: 'miner',
    doc: 'How much more collateral a message counts with than is asked now, for the drift until it is included. What is left over stays the miner’s.',
  },
});
