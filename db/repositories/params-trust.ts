import type { Insertable, Selectable } from 'kysely';
import type { Executor } from '../database.ts';
import type { ParamsTrustTable } from '../schema/index.ts';
import { deletedRows } from './affected.ts';

export type ParamsTrustRow = Selectable<ParamsTrustTable>;

/** The operator trusts this file, by its digest, on that network; a trust given before is replaced. */
export async function trustParams(
  executor: Executor,
  trust: Omit<Insertable<ParamsTrustTable>, 'trusted_at'>,
): Promise<void> {
  const { digest, who } = trust;
  await executor.insertInto('params_trust').values(trust).onDuplicateKeyUpdate({ digest, who }).execute();
}

export async function listTrustedParams(executor: Executor, network?: string): Promise<ParamsTrustRow[]> {
  let query = executor.selectFrom('params_trust').selectAll().orderBy('network').orderBy('file');
  if (network !== undefined) query = query.where('network', '=', network);
  return query.execute();
}

export async function distrustParams(executor: Executor, network: string, file: string): Promise<boolean> {
  const result = await executor
    .deleteFrom('params_trust')
    .where('network', '=', network)
    .where('file', '=', file)
    .executeTakeFirst();
  return deletedRows(result) > 0;
}
