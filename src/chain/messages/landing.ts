import { toBase64 } from '#codec';
import { BeeproError, type Epoch, killPoint } from '#core';
import {
  type FlightRow,
  findMessage,
  listMessageSectors,
  listMessageVersions,
  lockMessage,
  type MessageState,
  patchMessage,
  serverNow,
  setMemberExitCode,
  type Trx,
  transaction,
} from '#db';
import type { ChainApi } from '../rpc/index.ts';
import { isContentOf, isSelfSend } from './content.ts';
import type { MessageModules } from './context.ts';
import { type FoundMessage, LOOKBACK, type MessageSearch, WHOLE_CHAIN } from './lookup.ts';
import { memberOutcome } from './outcome.ts';
import type { SenderPast } from './past.ts';

const OPEN: readonly MessageState[] = ['nonce', 'signed', 'pushed', 'landed'];

/** One chain as a pass of the watch sees it. */
export interface ChainLook {
  readonly node: ChainApi;
  readonly head: Epoch;
  readonly search: MessageSearch;
}

interface Executed extends FoundMessage {
  /** It was the self-send that freed the nonce. */
  readonly isCancel: boolean;
}

/**
 * The sender's nonce has passed that of the message, or it is deep enough to be final: which version was it, with
 * what outcome? A foreign message in its place is final when the account's nonce had passed ours `confidence` ago.
 */
export async function lookForMessage(
  modules: MessageModules,
  look: ChainLook,
  past: SenderPast,
  row: FlightRow,
): Promise<void> {
  const found = (await findExecuted(modules, look, row)) ?? (await findForgotten(modules, look, past, row));
  if (found) return executed(modules, row, found, look.head);
  if (row.state === 'landed') await unland(modules, row);
  const deep = Math.max(look.head - modules.rules.confidence(), 0);
  if (row.nonce === null || (await past.nonceAt(deep)) <= row.nonce) return;
  const error = new BeeproError('MESSAGE_NONCE_LOST', { nonce: row.nonce, from: row.from_address });
  const ended = await patchMessage(modules.db.kysely, row.id, OPEN, {
    state: 'failed',
    error_code: error.code,
    error_message: error.message,
    final_at: serverNow,
  });
  if (ended) modules.note({ what: 'given-up', message: row, error });
}

async function findExecuted(
  modules: MessageModules,
  { search, head }: ChainLook,
  row: FlightRow,
): Promise<Executed | undefined> {
  const versions = await listMessageVersions(modules.db.kysely, row.id);
  // Where a message was executed it is found again, however long nobody looked.
  const lookback = LOOKBACK + Math.max(0, head - (row.execution_epoch ?? head));
  for (const reach of [lookback, WHOLE_CHAIN]) {
    for (const isCancel of [row.signs_cancel, !row.signs_cancel]) {
      const cids = versions.filter((version) => version.is_cancel === isCancel).map(({ cid }) => cid);
      const found = await search.versions(cids, reach);
      if (found && found !== 'other') return { ...found, isCancel };
    }
  }
  return undefined;
}

/**
 * No version that this database knows was executed: what was it that used the nonce? A version of the same content is
 * ours, which the database has forgotten, and the node has forgotten the ones that it replaced.
 */
async function findForgotten(
  modules: MessageModules,
  { search }: ChainLook,
  past: SenderPast,
  row: FlightRow,
): Promise<Executed | undefined> {
  const message = await findMessage(modules.db.kysely, row.id);
  const used = row.nonce === null ? undefined : await past.messageOf(row.nonce);
  if (!message || !used) return undefined;
  const isCancel = message.cancel_code !== null && isSelfSend(used.message);
  if (!isCancel && !isContentOf(message, used.message)) return undefined;
  const found = await search.versions([used.cid], WHOLE_CHAIN);
  return found && found !== 'other' ? { ...found, isCancel } : undefined;
}

async function executed(
  modules: MessageModules,
  row: FlightRow,
  found: Executed,
  head: Epoch,
): Promise<void> {
  const { lookup, inclusionEpoch, cid, isCancel } = found;
  const isFinal = head - lookup.height >= modules.rules.confidence();
  const isAsBefore = row.state === 'landed' && row.execution_epoch === lookup.height && row.cid === cid;
  if (isAsBefore && !isFinal) return;
  const state = !isFinal ? 'landed' : isCancel ? 'cancelled' : 'final';
  const { exitCode, gasUsed } = lookup.receipt;
  await transaction(modules.db, async (trx) => {
    const now = await lockMessage(trx, row.id);
    if (!OPEN.includes(now.state)) return;
    await patchMessage(trx, row.id, OPEN, {
      state,
      cid,
      inclusion_epoch: inclusionEpoch,
      execution_epoch: lookup.height,
      exit_code: exitCode,
      return_value: toBase64(lookup.receipt.return),
      gas_used: gasUsed,
      tries: 0,
      not_before: null,
      fee_needed: null,
      waits_since: null,
      ...endOf(now, isCancel, exitCode),
      ...(row.landed_at === null ? { landed_at: serverNow } : {}),
      ...(isFinal ? { final_at: serverNow } : {}),
    });
    if (!isCancel) await recordMembers(trx, now.id, now.method, found);
  });
  if (isFinal) killPoint('message.finalised');
  else killPoint('message.landed');
  modules.note({ what: state, message: row, epoch: inclusionEpoch, exitCode });
}

function endOf(
  row: Pick<FlightRow, 'cancel_code' | 'cancel_reason'>,
  isCancel: boolean,
  exitCode: number,
): { readonly error_code: string | null; readonly error_message: string | null } {
  if (isCancel) return { error_code: row.cancel_code, error_message: row.cancel_reason };
  if (exitCode === 0) return { error_code: null, error_message: null };
  const { code, message } = new BeeproError('MESSAGE_FAILED_ON_CHAIN', { exitCode });
  return { error_code: code, error_message: message };
}

async function recordMembers(trx: Trx, id: number, method: number, found: FoundMessage): Promise<void> {
  const { receipt } = found.lookup;
  const members = await listMessageSectors(trx, id);
  const outcome = memberOutcome(method, receipt.exitCode, receipt.return, members.length);
  if ('unknown' in outcome) {
    const about = { cid: found.cid, members: members.length };
    const { code, message } = new BeeproError('MESSAGE_UNDECODABLE', about);
    await patchMessage(trx, id, ['landed', 'final'], { error_code: code, error_message: message });
    return;
  }
  for (const member of members) {
    const exitCode = outcome.exitCodes[member.position] ?? receipt.exitCode;
    await setMemberExitCode(trx, id, member, exitCode);
  }
}

/** A reorg took the message off the chain: it counts as pushed, and the nodes are asked whether they still have it. */
export async function unland(modules: MessageModules, row: FlightRow): Promise<void> {
  const back = await patchMessage(modules.db.kysely, row.id, ['landed', 'final', 'cancelled'], {
    state: 'pushed',
    pushed_at: null,
    seen_at: null,
    final_at: null,
    inclusion_epoch: null,
    execution_epoch: null,
    exit_code: null,
    return_value: null,
    gas_used: null,
    landed_at: null,
    error_code: null,
    error_message: null,
  });
  if (back) modules.note({ what: 'reverted', message: row });
}
