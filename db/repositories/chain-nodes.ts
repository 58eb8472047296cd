import { type Insertable, type Selectable, sql } from 'kysely';
import type { Executor } from '../database.ts';
import type { ChainIdentityTable, ChainNodeTable } from '../schema/index.ts';
import { deletedRows } from './affected.ts';
import { serverNow } from './server-time.ts';

export type ChainIdentityRow = Omit<Selectable<ChainIdentityTable>, 'id'>;
export type NewChainIdentity = Omit<ChainIdentityRow, 'recorded_at'>;

const ONLY = 1;

/** The chain that this installation belongs to; undefined before the first contact. */
export async function findChainIdentity(executor: Executor): Promise<ChainIdentityRow | undefined> {
  return executor
    .selectFrom('chain_identity')
    .select(['network_name', 'genesis_cid', 'network_version', 'recorded_at'])
    .where('id', '=', ONLY)
    .executeTakeFirst();
}

/**
 * Records the chain at the first contact, or a newer version of its network. What is recorded of another chain stays:
 * the caller reads again what counts.
 */
export async function recordChainIdentity(executor: Executor, identity: NewChainIdentity): Promise<void> {
  const version = sql<number>`IF(network_name = ${identity.network_name} AND genesis_cid = ${identity.genesis_cid},
    GREATEST(network_version, ${identity.network_version}), network_version)`;
  await executor
    .insertInto('chain_identity')
    .values({ id: ONLY, ...identity })
    .onDuplicateKeyUpdate({ network_version: version })
    .execute();
}

/** Forgets which chain it was: the next contact records the one that the nodes have then. */
export async function forgetChainIdentity(executor: Executor): Promise<boolean> {
  const result = await executor.deleteFrom('chain_identity').where('id', '=', ONLY).executeTakeFirst();
  return deletedRows(result) === 1;
}

export interface ChainNodeRow extends Selectable<ChainNodeTable> {
  /** Milliseconds since it was written, by the server's clock. */
  readonly ageMs: number;
}
export type NewChainNode = Omit<Insertable<ChainNodeTable>, 'seen_at' | 'recent'> & {
  readonly recent: readonly (readonly [number | null, number | null, number])[];
};

/** Writes how each node is seen now, and drops those that are gone from the setting. */
export async function saveChainNodes(executor: Executor, nodes: readonly NewChainNode[]): Promise<void> {
  for (const { url, ...node } of nodes) {
    const columns = {
      ...node,
      reason: node.reason.slice(0, 500),
      recent: JSON.stringify(node.recent),
      seen_at: serverNow,
    };
    await executor
      .insertInto('chain_node')
      .values({ url, ...columns })
      .onDuplicateKeyUpdate(columns)
      .execute();
  }
  const urls = nodes.map(({ url }) => url);
  const stale = executor.deleteFrom('chain_node');
  await (urls.length > 0 ? stale.where('url', 'not in', urls) : stale).execute();
}

export async function listChainNodes(executor: Executor): Promise<ChainNodeRow[]> {
  return executor
    .selectFrom('chain_node')
    .selectAll()
    .select(sql<number>`TIMESTAMPDIFF(MICROSECOND, seen_at, NOW(3)) DIV 1000`.as('ageMs'))
    .orderBy('position')
    .execute();
}
