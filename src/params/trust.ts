import { BeeproError } from '#core';
import type { InspectedFile } from './inspect.ts';
import { type ProofNetwork, type TrustRecord, usesCeremony } from './policy.ts';

/** Where trust is kept; the database's repository fits. */
export interface TrustStore {
  list(network: string): Promise<readonly TrustRecord[]>;
  /** Replaces the record of the same network and file. */
  put(record: TrustRecord & { readonly who: string }): Promise<void>;
  /** True when there was one. */
  remove(network: string, file: string): Promise<boolean>;
}

/**
 * Records that an operator trusts a file, with the content it has now, on a network.
 * @throws BeeproError `PARAMS_TRUST_REFUSED`, `PARAMS_ABSENT`
 */
export async function trustFile(
  store: TrustStore,
  network: ProofNetwork,
  inspected: InspectedFile,
  folder: string,
  who: string,
): Promise<TrustRecord> {
  const { file, state, digest } = inspected;
  const refuse = (detail: string) =>
    new BeeproError('PARAMS_TRUST_REFUSED', { name: file.name, network: network.name, detail });
  if (state === 'missing' || digest === undefined)
    throw new BeeproError('PARAMS_ABSENT', { name: file.name, folder });
  if (state === 'corrupt') throw refuse('it is corrupt');
  if (usesCeremony(network) && state !== 'published-verified')
    throw refuse('this network takes the published parameters only');
  const record = { network: network.name, file: file.name, digest };
  await store.put({ ...record, who });
  return record;
}
