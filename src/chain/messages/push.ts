import { decodeSignedMessage, prefixOf, type SignedMessage } from '#codec';
import { BeeproError, isBeeproError, killPoint, toBeeproError } from '#core';
import {
  type FlightRow,
  listMessageVersions,
  type MessageNodeRow,
  type MessageRow,
  type MessageVersionRow,
  patchMessage,
  recordHolder,
  recordRefusal,
  serverNow,
} from '#db';
import type { ChainApi } from '../rpc/index.ts';
import { requestCancel } from './cancel.ts';
import type { MessageModules } from './context.ts';
import { isKnown } from './lookup.ts';
import { refusedForGood } from './refused.ts';
import { CLEAR, messageBackoffMs, setBack } from './setback.ts';
import { storedBytes } from './stored-bytes.ts';

/** A node that accepts a call and never answers holds up the others no longer than this, in ms. */
const PUSH_TIMEOUT_MS = 10_000;

/**
 * Signed → pushed, to every node in rotation; one that has it is enough, the others are told again later. Pushing the
 * same bytes again, after a crash or to a node that lost them, is harmless.
 */
export async function pushMessage(modules: MessageModules, row: MessageRow): Promise<void> {
  try {
    const version = await newestSigned(modules, row);
    const nodes = await modules.chain.inRotation();
    if (nodes.length === 0) throw new BeeproError('CHAIN_NODES_MISSING');
    const { holders, failures, isUsed } = await tellNodes(modules, row, version, nodes, []);
    killPoint('message.pushed');
    // A nonce that has been used: the watch finds out by which message.
    if (holders.length === 0 && !isUsed) {
      const refused = refusedForGood(failures, row.tries + 1);
      if (refused) await requestCancel(modules, row, refused);
      throw failures[0];
    }
    await patchMessage(modules.db.kysely, row.id, ['signed'], {
      ...CLEAR,
      state: 'pushed',
      pushed_at: serverNow,
      seen_at: null,
    });
    killPoint('message.marked-pushed');
    if (holders.length > 0) modules.note({ what: 'pushed', message: row, cid: version.cid, nodes: holders });
  } catch (error) {
    await setBack(modules, row, error);
  }
}

/** The same bytes to those nodes that have them not, or no more. */
export async function pushAgain(
  modules: MessageModules,
  row: FlightRow,
  nodes: readonly ChainApi[],
  before: readonly MessageNodeRow[] = [],
): Promise<void> {
  const version = await newestSigned(modules, row);
  const { holders } = await tellNodes(modules, row, version, nodes, before);
  if (holders.length === 0) return;
  await patchMessage(modules.db.kysely, row.id, ['pushed'], { pushed_at: serverNow });
  modules.note({ what: 'pushed-again', message: row, cid: version.cid, nodes: holders });
}

interface Told {
  /** The nodes that have the message. */
  readonly holders: readonly string[];
  /** Why the others have it not, of each. */
  readonly failures: readonly unknown[];
  /** A node says that the nonce has been used on chain. */
  readonly isUsed: boolean;
}

async function tellNodes(
  modules: MessageModules,
  row: FlightRow,
  version: MessageVersionRow,
  nodes: readonly ChainApi[],
  before: readonly MessageNodeRow[],
): Promise<Told> {
  const signed = decodeSignedMessage(storedBytes(version.signed), prefixOf(row.from_address));
  const answers = await Promise.allSettled(nodes.map((node) => push(node, signed, version)));
  const holders: string[] = [];
  const failures: unknown[] = [];
  for (const [index, answer] of answers.entries()) {
    const node = nodes[index]?.node ?? '';
    if (answer.status === 'fulfilled') {
      await recordHolder(modules.db.kysely, row.id, node, version.cid);
      holders.push(node);
      continue;
    }
    const { code } = toBeeproError(answer.reason);
    const earlier = before.find((known) => known.node === node && known.cid === version.cid);
    const tries = (earlier?.tries ?? 0) + 1;
    const refusal = {
      messageId: row.id,
      node,
      cid: version.cid,
      tries,
      pauseMs: messageBackoffMs(tries),
      code,
    };
    await recordRefusal(modules.db.kysely, refusal);
    failures.push(answer.reason);
  }
  const isUsed = failures.some((failure) => isBeeproError(failure, 'CHAIN_NONCE_TOO_LOW'));
  return { holders, failures, isUsed };
}

/** The newest bytes there are: a message that was found on chain alone has none. */
async function newestSigned(modules: MessageModules, row: FlightRow): Promise<MessageVersionRow> {
  const versions = await listMessageVersions(modules.db.kysely, row.id);
  const version = versions.findLast(({ signed }) => signed !== '');
  if (!version) throw new BeeproError('INTERNAL', { detail: `message ${row.id} is signed but not stored` });
  return version;
}

async function push(node: ChainApi, signed: SignedMessage, version: MessageVersionRow): Promise<void> {
  try {
    await node.mpoolPush(signed, { timeoutMs: PUSH_TIMEOUT_MS });
  } catch (error) {
    // "already exists" for our own message means that it is where it should be.
    if (isBeeproError(error, 'CHAIN_NONCE_TAKEN') && (await isKnown(node, version.cid))) return;
    throw error;
  }
}
