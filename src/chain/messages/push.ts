import { type AddressPrefix, decodeSignedMessage, prefixOf } from '#codec';
import { BeeproError, type CidString, isBeeproError, killPoint } from '#core';
import { listMessageVersions, type MessageRow, type MessageVersionRow, patchMessage, serverNow } from '#db';
import type { MessageModules } from './context.ts';
import { isKnown } from './lookup.ts';
import { CLEAR, setBack } from './setback.ts';
import { storedBytes } from './stored-bytes.ts';

/** Signed → pushed. Pushing the same bytes again, after a crash or to a node that lost them, is harmless. */
export async function pushMessage(modules: MessageModules, row: MessageRow): Promise<void> {
  try {
    const version = await newestVersion(modules, row);
    await pushBytes(modules, version, prefixOf(row.from_address));
    killPoint('message.pushed');
    await patchMessage(modules.db.kysely, row.id, ['signed'], {
      ...CLEAR,
      state: 'pushed',
      pushed_at: serverNow,
    });
    killPoint('message.marked-pushed');
    modules.note({ what: 'pushed', message: row, cid: version.cid });
  } catch (error) {
    // The nonce has been used: the watch finds out by which message.
    if (isBeeproError(error, 'CHAIN_NONCE_TOO_LOW')) {
      await patchMessage(modules.db.kysely, row.id, ['signed'], { state: 'pushed', pushed_at: serverNow });
      return;
    }
    await setBack(modules, row, error);
  }
}

/** The bytes of a message that has not landed for long are given to the node again: it may have dropped them. */
export async function pushAgain(modules: MessageModules, row: MessageRow): Promise<void> {
  const version = await newestVersion(modules, row);
  await pushBytes(modules, version, prefixOf(row.from_address));
  await patchMessage(modules.db.kysely, row.id, ['pushed'], { ...CLEAR, pushed_at: serverNow });
  modules.note({ what: 'pushed-again', message: row, cid: version.cid });
}

async function newestVersion(modules: MessageModules, row: MessageRow): Promise<MessageVersionRow> {
  const version = (await listMessageVersions(modules.db.kysely, row.id)).at(-1);
  if (!version) throw new BeeproError('INTERNAL', { detail: `message ${row.id} is signed but not stored` });
  return version;
}

async function pushBytes(
  modules: MessageModules,
  version: MessageVersionRow,
  prefix: AddressPrefix,
): Promise<CidString> {
  const signed = decodeSignedMessage(storedBytes(version.signed), prefix);
  try {
    return await modules.chain.mpoolPush(signed);
  } catch (error) {
    // "already exists" for our own message means that it is where it should be.
    if (isBeeproError(error, 'CHAIN_NONCE_TAKEN') && (await isKnown(modules.chain, version.cid))) {
      return version.cid;
    }
    throw error;
  }
}
