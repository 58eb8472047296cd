import { setTimeout as sleep } from 'node:timers/promises';
import {
  type AccountMessage,
  accountFee,
  chooseSender,
  createSigner,
  recordAccountMessage,
  type SenderChoice,
} from '#chain';
import { idAddress } from '#codec';
import { type ActorId, BeeproError, formatFil, isBeeproError } from '#core';
import { findMessage, findMiner, type MessageRow, type MessageState, type MinerRow } from '#db';
import { type JsonOption, printDone } from './command-io.ts';
import { type ConfirmOption, confirm } from './confirm.ts';
import type { CliContext } from './context.ts';

/** Options of every command that sends a message of the operator's. */
export interface SendOptions extends JsonOption, ConfirmOption {
  /** Follow the message until it is final. */
  readonly wait?: boolean;
  /** In ms. */
  readonly timeout: number;
}

/** @throws BeeproError `MINER_UNKNOWN` */
export async function requireMiner(context: CliContext, id: ActorId): Promise<MinerRow> {
  const miner = await findMiner(context.database.kysely, id);
  if (!miner) throw new BeeproError('MINER_UNKNOWN', { miner: idAddress(id, 't') });
  return miner;
}

/**
 * Says what a message will do, has it confirmed, and records it: the sealing role signs and sends it. With `--wait` it
 * is followed to its end.
 * @throws BeeproError `CONFIRMATION_MISSING`, `SENDER_NOT_ALLOWED`, `CHAIN_…`; after `--wait` also why it failed
 */
export async function sendAccountMessage(
  context: CliContext,
  miner: MinerRow,
  message: AccountMessage,
  options: SendOptions,
  from?: string,
): Promise<void> {
  const settings = await context.settings();
  const sender = from === undefined ? await senderOf(context, miner, message) : { address: from, note: '' };
  const fee = accountFee(settings, miner, message);
  const what = `${message.says}; ${sender.address} sends it, for at most ${formatFil(fee)} of fees${sender.note}`;
  await confirm(what, options);
  const modules = { db: context.database.kysely, settings };
  const id = await recordAccountMessage(modules, miner, message, sender);
  const facts = {
    message: id,
    from: sender.address,
    purpose: message.purpose,
    value: message.value,
    maxFee: fee,
  };
  if (!options.wait) {
    const sentence = `Message ${id} will ${message.says}. The sealing role sends it; see: beepro message show ${id}`;
    printDone(sentence, facts, options);
    return;
  }
  const final = await followMessage(context, id, options);
  const sentence = `Message ${id} is final, executed at epoch ${final.execution_epoch} (${final.cid}).`;
  printDone(
    sentence,
    { ...facts, cid: final.cid, epoch: final.execution_epoch, exitCode: final.exit_code },
    options,
  );
}

/** The coordinator signs, perhaps with keys that this machine does not see: what is missing here is said, not refused. */
async function senderOf(
  context: CliContext,
  miner: MinerRow,
  message: AccountMessage,
): Promise<Pick<SenderChoice, 'address'> & { readonly note: string }> {
  const settings = await context.settings();
  const chain = await context.chain();
  const signer = createSigner(settings, chain);
  const needed = message.value + accountFee(settings, miner, message);
  const question = { miner, purpose: message.purpose, needed };
  try {
    return { ...(await chooseSender({ chain, settings, signer }, question)), note: '' };
  } catch (error) {
    const isKeyElsewhere =
      isBeeproError(error, 'WALLET_KEY_MISSING') || isBeeproError(error, 'WALLET_SIGNER_AWAY');
    if (!isKeyElsewhere) throw error;
    const anyone = { has: () => Promise.resolve(true) };
    const { address } = await chooseSender({ chain, settings, signer: anyone }, question);
    return { address, note: ` (from here no signer has its key: ${(error as Error).message})` };
  } finally {
    await signer.close();
  }
}

const ENDS: readonly MessageState[] = ['final', 'failed', 'replaced', 'cancelled'];
const LOOK_EVERY_MS = 1_000;

/** @throws BeeproError `TIMED_OUT`, `MESSAGE_FAILED_ON_CHAIN`, and why it was given up */
async function followMessage(context: CliContext, id: number, options: SendOptions): Promise<MessageRow> {
  const until = performance.now() + options.timeout;
  let said = '';
  for (;;) {
    const row = await findMessage(context.database.kysely, id);
    if (!row) throw new BeeproError('NOT_FOUND', { what: 'message', name: String(id) });
    const state = row.error_message ? `${row.state}: ${row.error_message}` : row.state;
    if (state !== said && !options.json) process.stderr.write(`message ${id}: ${state}\n`);
    said = state;
    if (ENDS.includes(row.state)) {
      requireSuccess(row);
      return row;
    }
    if (performance.now() > until)
      throw new BeeproError('TIMED_OUT', { what: `Message ${id} (${state})`, ms: options.timeout });
    await sleep(LOOK_EVERY_MS);
  }
}

function requireSuccess(row: MessageRow): void {
  if (row.state === 'final' && row.exit_code === 0) return;
  if (row.exit_code !== null && row.exit_code !== 0)
    throw new BeeproError('MESSAGE_FAILED_ON_CHAIN', { exitCode: row.exit_code });
  const detail = row.error_message ?? `it is ${row.state}`;
  throw new BeeproError('WALLET_MESSAGE_ENDED', { message: row.id, detail });
}
