import { type ChainApi, resolveSender } from '#chain';
import { actorIdOf, idAddress, prefixOf } from '#codec';
import { type AddressString, BeeproError, sectorSizeByBytes } from '#core';
import { type Executor, findMiner, type MinerRow, saveMiner } from '#db';

export interface AddMinerRequest {
  /** `t01000`, or another address of the miner. */
  readonly miner: AddressString;
  /** Signs and pays for its messages; default: the miner's worker. */
  readonly sender?: AddressString;
}

/**
 * Adds a miner as the chain knows it, or brings it up to date: sector size, owner, worker and sender as key
 * addresses, and the network, which never changes afterwards.
 * @throws BeeproError `MINER_NETWORK_DIFFERS`, `MINER_SECTOR_SIZE_UNKNOWN`, `CHAIN_…`
 */
export async function addMiner(
  modules: { readonly db: Executor; readonly chain: ChainApi },
  request: AddMinerRequest,
): Promise<MinerRow> {
  const { chain, db } = modules;
  const address = await chain.stateLookupID(request.miner, []);
  const id = actorIdOf(address);
  const [network, info] = await Promise.all([chain.stateNetworkName(), chain.stateMinerInfo(address, [])]);
  const known = await findMiner(db, id);
  if (known && known.network !== network) {
    throw new BeeproError('MINER_NETWORK_DIFFERS', {
      miner: address,
      expected: known.network,
      actual: network,
    });
  }
  const size = sectorSizeByBytes(info.sectorSize);
  if (!size) throw new BeeproError('MINER_SECTOR_SIZE_UNKNOWN', { miner: address, bytes: info.sectorSize });
  await saveMiner(db, {
    id,
    network,
    sector_size: size,
    owner: info.owner,
    worker: await resolveSender(chain, info.worker),
    ...(request.sender ? { sender: await resolveSender(chain, request.sender) } : {}),
  });
  const saved = await findMiner(db, id);
  if (!saved) throw new BeeproError('MINER_UNKNOWN', { miner: idAddress(id, prefixOf(address)) });
  return saved;
}
