import { idAddress, isKeyAddress, withPrefix } from '#codec';
import { type ActorId, type AddressString, type CidString, isBeeproError } from '#core';
import type { ChainApi, MinerInfo } from '../rpc/index.ts';

/** The part of the client that is asked here. */
export type FactsChain = Pick<ChainApi, 'stateMinerInfo' | 'stateAccountKey'>;

/** An account's key never changes; an account that a reorg took back may come again with another id. */
const KEY_LIVES_MS = 3_600_000;

interface Facts {
  readonly infos: Map<ActorId, { readonly key: string; readonly info: Promise<MinerInfo> }>;
  readonly keys: Map<AddressString, { readonly readAt: number; readonly key: Promise<AddressString> }>;
}

/** One for each client, gone with it: every caller of one pass shares what was asked for a head. */
const KNOWN = new WeakMap<object, Facts>();

function factsOf(chain: object): Facts {
  const known = KNOWN.get(chain) ?? { infos: new Map(), keys: new Map() };
  KNOWN.set(chain, known);
  return known;
}

/** `StateMinerInfo`, asked once a head. Without a key it is asked anew each time. */
export function minerInfoAt(
  chain: FactsChain,
  miner: ActorId,
  key: readonly CidString[],
): Promise<MinerInfo> {
  const ask = (): Promise<MinerInfo> => chain.stateMinerInfo(idAddress(miner, 't'), [...key]);
  if (key.length === 0) return ask();
  const { infos } = factsOf(chain);
  const text = key.join();
  const known = infos.get(miner);
  if (known?.key === text) return known.info;
  const info = ask();
  infos.set(miner, { key: text, info });
  info.catch(() => {
    if (infos.get(miner)?.info === info) infos.delete(miner);
  });
  return info;
}

/**
 * The key address of an account, with the prefix `t`, under which addresses are compared.
 * @throws BeeproError `CHAIN_NOT_AN_ACCOUNT`, `CHAIN_ACTOR_NOT_FOUND`, `ADDRESS_MALFORMED`
 */
export async function accountKey(chain: FactsChain, address: AddressString): Promise<AddressString> {
  if (isKeyAddress(address)) return withPrefix(address, 't');
  const { keys } = factsOf(chain);
  const known = keys.get(address);
  if (known && performance.now() - known.readAt < KEY_LIVES_MS) return known.key;
  const key = chain.stateAccountKey(address, []).then((found) => withPrefix(found, 't'));
  keys.set(address, { readAt: performance.now(), key });
  key.catch(() => {
    if (keys.get(address)?.key === key) keys.delete(address);
  });
  return key;
}

/** As {@link accountKey}; undefined for an owner that is a multisig or another actor, which signs nothing itself. */
export async function accountKeyIfAny(
  chain: FactsChain,
  address: AddressString,
): Promise<AddressString | undefined> {
  try {
    return await accountKey(chain, address);
  } catch (error) {
    if (isBeeproError(error, 'CHAIN_NOT_AN_ACCOUNT')) return undefined;
    throw error;
  }
}
