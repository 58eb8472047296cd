import { idAddress, prefixOf, withPrefix } from '#codec';
import type { Settings } from '#config';
import { type AddressString, type AttoFil, BeeproError, type CidString, isBeeproError } from '#core';
import type { MinerRow } from '#db';
import type { Signer } from '#wallet';
import type { ChainApi } from '../rpc/index.ts';
import { minerInfoAt } from './chain-facts.ts';
import { pickSender } from './pick-sender.ts';
import { readSenderLists, type SenderLists, senderPurposeOf } from './sender-lists.ts';

export interface SenderModules {
  readonly chain: Pick<ChainApi, 'stateMinerInfo' | 'stateAccountKey' | 'walletBalance'>;
  readonly signer: Pick<Signer, 'has'>;
  readonly settings: Pick<Settings, 'get'>;
}

export interface SenderQuestion {
  readonly miner: Pick<MinerRow, 'id' | 'sender' | 'worker'>;
  /** What the message is for, as its row will say. */
  readonly purpose: string;
  /** Value and fee at most, attoFIL. */
  readonly needed: AttoFil;
  /** The head that is decided at: the miner's addresses are asked once for it. */
  readonly key?: readonly CidString[];
}

export interface SenderChoice {
  /** A key address, written as the network writes them. */
  readonly address: AddressString;
  /** False: none of them can pay now, and the message waits for money. */
  readonly covers: boolean;
  /** For people. */
  readonly reason: string;
}

/** Methods that only the owner may call. Source: builtin-actors `withdraw_balance`, `change_worker_address`. */
const OWNERS_ALONE: readonly string[] = ['withdraw', 'control'];

/**
 * Who sends a message: among the addresses wanted for its purpose those that are owner, worker or control address on
 * chain and whose key a signer here holds, and of these the first that can pay. Window PoSts never share a sender with
 * batches where another is there; where an operator has named one for both, the batch is what waits.
 *
 * @throws BeeproError `SENDER_NOT_ALLOWED`, `SENDER_SHARED_WITH_POST`, `WALLET_KEY_MISSING`, `WALLET_SIGNER_AWAY`,
 * `CHAIN_…`
 */
export async function chooseSender(modules: SenderModules, question: SenderQuestion): Promise<SenderChoice> {
  const { chain, settings } = modules;
  const { miner, needed } = question;
  const info = await minerInfoAt(chain, miner.id, question.key ?? []);
  const lists = await readSenderLists(chain, settings, miner, info);
  const isShared = settings.get('sender.post_shared', { miner: miner.id });
  const allowed = allowedSenders(lists, question, isShared);
  const held = await heldBy(modules.signer, allowed);
  const written = (address: AddressString): AddressString => withPrefix(address, prefixOf(miner.worker));
  const [only] = held;
  if (only !== undefined && held.length === 1) {
    // Whether it can pay is found out with the fee, and said there.
    return {
      address: written(only),
      covers: true,
      reason: 'the only one that may send and whose key is here',
    };
  }
  const funded = await Promise.all(
    held.map(async (address) => ({ address, balance: await chain.walletBalance(address) })),
  );
  const picked = pickSender(funded, needed);
  if (!picked) throw new BeeproError('WALLET_KEY_MISSING', { address: allowed.join(' and ') });
  return { ...picked, address: written(picked.address) };
}

/** @throws BeeproError `SENDER_NOT_ALLOWED`, `SENDER_SHARED_WITH_POST` */
function allowedSenders(
  { roles, wanted, isPostNamed }: SenderLists,
  { miner, purpose }: SenderQuestion,
  isShared: boolean,
): readonly AddressString[] {
  const refuse = (detail: string) =>
    new BeeproError('SENDER_NOT_ALLOWED', { miner: idAddress(miner.id, 't'), purpose, detail });
  if (OWNERS_ALONE.includes(purpose)) {
    const owners = [...roles].filter(([, own]) => own.includes('owner')).map(([address]) => address);
    if (owners.length === 0) throw refuse('only its owner may, which is no account with a key');
    return owners;
  }
  const asked = senderPurposeOf(purpose);
  const known = wanted[asked].filter((address) => roles.has(address));
  if (known.length === 0)
    throw refuse(
      `${wanted[asked].join(', ')} is neither its owner, its worker nor one of its control addresses`,
    );
  if (asked === 'post' || !isPostNamed || isShared) return known;
  const posts = new Set(wanted.post);
  const free = known.filter((address) => !posts.has(address));
  if (free.length === 0)
    throw new BeeproError('SENDER_SHARED_WITH_POST', {
      miner: idAddress(miner.id, 't'),
      purpose,
      address: known.join(', '),
    });
  return free;
}

/**
 * Those whose key a signer holds. One whose signer is away is passed over while another can send; else the message
 * waits for it.
 */
async function heldBy(
  signer: Pick<Signer, 'has'>,
  addresses: readonly AddressString[],
): Promise<readonly AddressString[]> {
  const held: AddressString[] = [];
  let away: unknown;
  for (const address of addresses) {
    try {
      if (await signer.has(address)) held.push(address);
    } catch (error) {
      if (!isBeeproError(error)) throw error;
      away ??= error;
    }
  }
  if (held.length > 0) return held;
  if (away !== undefined) throw away;
  throw new BeeproError('WALLET_KEY_MISSING', { address: addresses.join(' and ') });
}
