import {
  accountKeyIfAny,
  type ChainApi,
  type ChainPool,
  type MinerInfo,
  type MinerStanding,
  minerInfoAt,
  minerStanding,
  readSenderLists,
} from '#chain';
import { idAddress, parseAddress } from '#codec';
import { SENDER_PURPOSES, type SenderPurpose, type Settings } from '#config';
import { type AddressString, type AttoFil, BeeproError, type Epoch, toBeeproError } from '#core';
import type { MinerRow } from '#db';

/** An account that means something to a miner. */
export interface MinerAccount {
  /** A key address; of an owner that is no account, its id address. */
  readonly address: AddressString;
  /** Owner, worker, control; none for a sender that the chain does not take. */
  readonly roles: readonly string[];
  /** For what it is wanted as a sender. */
  readonly sends: readonly SenderPurpose[];
  readonly balance: AttoFil | null;
}

/** A miner's money and addresses at one head. */
export interface MinerMoney {
  readonly epoch: Epoch;
  readonly info: MinerInfo;
  readonly available: AttoFil;
  readonly standing: MinerStanding;
  readonly accounts: readonly MinerAccount[];
}

export async function readMinerMoney(
  chain: ChainPool,
  settings: Pick<Settings, 'get'>,
  miner: MinerRow,
): Promise<MinerMoney> {
  return chain.onOneNode(async (node) => {
    const head = await node.chainHead();
    const view = { head: head.height, key: head.cids };
    const address = idAddress(miner.id, 't');
    const [info, standing, available] = await Promise.all([
      minerInfoAt(node, miner.id, head.cids),
      minerStanding({ chain: node }, view, miner.id),
      node.stateMinerAvailableBalance(address, [...head.cids]),
    ]);
    const lists = await readSenderLists(node, settings, miner, info);
    const known = new Set([...lists.roles.keys(), ...Object.values(lists.wanted).flat()]);
    // An owner that is a multisig has no key and is named all the same.
    if ((await accountKeyIfAny(node, info.owner)) === undefined) known.add(info.owner);
    const accounts = await Promise.all(
      [...known].map(
        async (one): Promise<MinerAccount> => ({
          address: one,
          roles: one === info.owner ? ['owner'] : (lists.roles.get(one) ?? []),
          sends: SENDER_PURPOSES.filter((purpose) => lists.wanted[purpose].includes(one)),
          balance: await balanceOf(node, one),
        }),
      ),
    );
    return { epoch: head.height, info, available, standing, accounts };
  });
}

/** Null where there is no such address: the settings may name what is none. */
async function balanceOf(node: ChainApi, address: AddressString): Promise<AttoFil | null> {
  try {
    parseAddress(address);
  } catch {
    return null; // its checksum is wrong
  }
  return node.walletBalance(address);
}

/** As {@link readMinerMoney}; what failed is said in its place, so that a list is shown without a chain. */
export async function tryMinerMoney(
  chain: ChainPool,
  settings: Pick<Settings, 'get'>,
  miner: MinerRow,
): Promise<MinerMoney | BeeproError> {
  try {
    return await readMinerMoney(chain, settings, miner);
  } catch (error) {
    return toBeeproError(error);
  }
}

/** `nothing`, or why pre-commits and recoveries wait. */
export function standingText(money: MinerMoney | BeeproError): string | null {
  if (money instanceof BeeproError) return null;
  return money.standing.blocked?.code ?? null;
}
