import { parseAddress } from '#codec';
import type { AddressString } from '#core';
import type { ChainApi } from '../rpc/index.ts';

/**
 * The key address that signs: `From` must be one, while StateMinerInfo gives ids. Key addresses are returned
 * as they are.
 * @throws BeeproError `CHAIN_NOT_AN_ACCOUNT`, `CHAIN_ACTOR_NOT_FOUND`, `ADDRESS_MALFORMED`
 */
export async function resolveSender(chain: ChainApi, address: AddressString): Promise<AddressString> {
  const { protocol } = parseAddress(address);
  if (protocol === 1 || protocol === 3) return address;
  return chain.stateAccountKey(address, []);
}
