import { type Database, findChainIdentity, recordChainIdentity } from '#db';
import type { ChainIdentity } from './identity.ts';

/** Which chain the installation belongs to. */
export interface ChainRecord {
  find(): Promise<ChainIdentity | undefined>;
  /** Records the chain of the first contact, or a newer network version; returns what is recorded then. */
  keep(identity: ChainIdentity): Promise<ChainIdentity>;
}

export function databaseRecord(database: Database): ChainRecord {
  const db = database.kysely;
  const find = async (): Promise<ChainIdentity | undefined> => {
    const row = await findChainIdentity(db);
    return (
      row && {
        networkName: row.network_name,
        genesisCid: row.genesis_cid,
        networkVersion: row.network_version,
      }
    );
  };
  return {
    find,
    keep: async (identity) => {
      const { networkName, genesisCid, networkVersion } = identity;
      await recordChainIdentity(db, {
        ...{ network_name: networkName, genesis_cid: genesisCid, network_version: networkVersion },
      });
      return (await find()) ?? identity;
    },
  };
}

/** For whoever has no database: the chain that its nodes have at the first contact. */
export function memoryRecord(): ChainRecord {
  let recorded: ChainIdentity | undefined;
  return {
    find: async () => recorded,
    keep: async (identity) => {
      recorded = recorded ? { ...recorded, networkVersion: identity.networkVersion } : identity;
      return recorded;
    },
  };
}
