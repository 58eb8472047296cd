import { toBase64 } from '#codec';
import { BeeproError, type Epoch, isBeeproError, killPoint } from '#core';
import {
  listMessageSectors,
  listMessageVersions,
  lockMessage,
  type MessageRow,
  type MessageVersionRow,
  patchMessage,
  serverNow,
  setMemberExitCode,
  transaction,
} from '#db';
import type { MessageModules } from './context.ts';
import { type FoundMessage, LOOKBACK, searchVersions, WHOLE_CHAIN } from './lookup.ts';
import { memberOutcome } from './outcome.ts';
import { pushAgain } from './push.ts';
import { replace } from './replace.ts';
import { setBack } from './setback.ts';

/** A foreign message with our nonce, of other content. Source: Lotus `chain/stmgr/searchwait.go`. */
const OTHER_MESSAGE = /not a valid replacement message/i;

/** When a pass looks: the chain's head, and the database's clock. */
export interface Moment {
  readonly head: Epoch;
  readonly now: Date;
}

/**
 * Pushed or landed: looks where the message stands on the chain. A landed one that a reorg has dropped is
 * pushed again, the same bytes; one whose nonce is final with another message is given up.
 */
export async function watchMessage(modules: MessageModules, row: MessageRow, at: Moment): Promise<void> {
  try {
    const versions = await listMessageVersions(modules.db.kysely, row.id);
    const found = await findOurs(
      modules,
      versions.map((version) => version.cid),
      lookbackFor(row, at.head),
    );
    if (found === 'other') return await nonceUsed(modules, row, at);
    if (found) return await executed(modules, row, found, at.head);
    if (row.state === 'landed') return await dropped(modules, row);
    await stillOut(modules, row, at, versions.at(-1));
  } catch (error) {
    await setBack(modules, row, error);
  }
}

/** Where a message was executed it is found again, however long nobody looked: a landed one is not taken for reverted. */
function lookbackFor(row: MessageRow, head: Epoch): Epoch {
  return LOOKBACK + Math.max(0, head - (row.execution_epoch ?? head));
}

async function findOurs(
  modules: MessageModules,
  cids: readonly string[],
  lookback: Epoch,
): Promise<FoundMessage | 'other' | undefined> {
  try {
    return await searchVersions(modules.chain, cids, lookback);
  } catch (error) {
    if (isBeeproError(error) && OTHER_MESSAGE.test(error.message)) return 'other';
    throw error;
  }
}

async function executed(
  modules: MessageModules,
  row: MessageRow,
  found: FoundMessage,
  head: Epoch,
): Promise<void> {
  const { lookup, inclusionEpoch, cid } = found;
  const isFinal = head - lookup.height >= modules.rules.confidence();
  const isAsBefore = row.state === 'landed' && row.execution_epoch === lookup.height && row.cid === cid;
  if (isAsBefore && !isFinal) return;
  await transaction(modules.db, async (trx) => {
    const now = await lockMessage(trx, row.id);
    if (now.state !== 'pushed' && now.state !== 'landed') return;
    await patchMessage(trx, row.id, ['pushed', 'landed'], {
      state: isFinal ? 'final' : 'landed',
      cid,
      inclusion_epoch: inclusionEpoch,
      execution_epoch: lookup.height,
      exit_code: lookup.receipt.exitCode,
      return_value: toBase64(lookup.receipt.return),
      gas_used: lookup.receipt.gasUsed,
      tries: 0,
      not_before: null,
      error_code: lookup.receipt.exitCode === 0 ? null : 'MESSAGE_FAILED_ON_CHAIN',
      error_message:
        lookup.receipt.exitCode === 0
          ? null
          : new BeeproError('MESSAGE_FAILED_ON_CHAIN', { exitCode: lookup.receipt.exitCode }).message,
      ...(row.landed_at === null ? { landed_at: serverNow } : {}),
      ...(isFinal ? { final_at: serverNow } : {}),
    });
    const members = await listMessageSectors(trx, row.id);
    const outcome = memberOutcome(row.method, lookup.receipt.exitCode, lookup.receipt.return, members.length);
    if ('unknown' in outcome) {
      const { code, message } = new BeeproError('MESSAGE_UNDECODABLE', { cid, members: members.length });
      await patchMessage(trx, row.id, ['landed', 'final'], { error_code: code, error_message: message });
      return;
    }
    for (const member of members) {
      const exitCode = outcome.exitCodes[member.position] ?? lookup.receipt.exitCode;
      await setMemberExitCode(trx, row.id, member, exitCode);
    }
  });
  if (isFinal) killPoint('message.finalised');
  else killPoint('message.landed');
  modules.note({
    what: isFinal ? 'final' : 'landed',
    message: row,
    epoch: inclusionEpoch,
    exitCode: lookup.receipt.exitCode,
  });
}

/** A reorg took the message off the chain: it counts as pushed, and the same bytes are pushed again at once. */
async function dropped(modules: MessageModules, row: MessageRow): Promise<void> {
  await patchMessage(modules.db.kysely, row.id, ['landed'], {
    state: 'pushed',
    inclusion_epoch: null,
    execution_epoch: null,
    exit_code: null,
    return_value: null,
    gas_used: null,
    landed_at: null,
  });
  modules.note({ what: 'reverted', message: row });
  await pushAgain(modules, { ...row, state: 'pushed' });
}

/** Not on chain: after a while the node gets the bytes again, in case it has forgotten them; later, dearer ones. */
async function stillOut(
  modules: MessageModules,
  row: MessageRow,
  at: Moment,
  newest: MessageVersionRow | undefined,
): Promise<void> {
  if (newest && isOld(modules, newest, at.now)) {
    const account = await modules.chain.stateGetActor(row.from_address, []);
    if (row.nonce !== null && account.nonce > row.nonce) return nonceUsed(modules, row, at);
    // One that waits for an earlier nonce gets nowhere by paying more.
    if (account.nonce === row.nonce && (await replace(modules, row, newest))) return;
  }
  const since = row.pushed_at?.getTime() ?? 0;
  if (at.now.getTime() - since < modules.rules.pushAgainMs()) return;
  try {
    await pushAgain(modules, row);
  } catch (error) {
    if (!isBeeproError(error, 'CHAIN_NONCE_TOO_LOW')) throw error;
    // Used on chain, though none of our versions was found: by another message, once that is deep enough.
    await nonceUsed(modules, row, at);
  }
}

function isOld(modules: MessageModules, newest: MessageVersionRow, now: Date): boolean {
  return now.getTime() - newest.created_at.getTime() >= modules.rules.replaceAfterMs();
}

/**
 * The nonce was used. By a message of ours after all, when nobody looked for long; else by a foreign one, which is
 * final when the account's nonce had passed ours `confidence` epochs ago.
 */
async function nonceUsed(modules: MessageModules, row: MessageRow, at: Moment): Promise<void> {
  const cids = (await listMessageVersions(modules.db.kysely, row.id)).map((version) => version.cid);
  const found = await findOurs(modules, cids, WHOLE_CHAIN);
  if (found && found !== 'other') return executed(modules, row, found, at.head);
  const deep = Math.max(at.head - modules.rules.confidence(), 0);
  const tipSet = await modules.chain.chainGetTipSetByHeight(deep, []);
  const account = await modules.chain.stateGetActor(row.from_address, tipSet.cids);
  if (row.nonce === null || account.nonce <= row.nonce) return;
  const error = new BeeproError('MESSAGE_NONCE_LOST', { nonce: row.nonce, from: row.from_address });
  await patchMessage(modules.db.kysely, row.id, ['pushed', 'landed'], {
    state: 'failed',
    error_code: error.code,
    error_message: error.message,
    final_at: serverNow,
  });
  modules.note({ what: 'given-up', message: row, error });
}
