import { SENDER_PURPOSES, type SenderPurpose, type Settings } from '#config';
import { type AddressString, type ErrorCode, isBeeproError } from '#core';
import type { MinerRow } from '#db';
import type { MinerInfo } from '../rpc/index.ts';
import { accountKey, accountKeyIfAny, type FactsChain } from './chain-facts.ts';

/** What a miner's addresses are to it on chain. */
export type SenderRole = 'owner' | 'worker' | 'control';

/** Who may send for a miner, and what for whom is wanted. All are key addresses with the prefix `t`. */
export interface SenderLists {
  readonly roles: ReadonlyMap<AddressString, readonly SenderRole[]>;
  /** As the settings, the miner's row and the chain say, before money and keys are looked at. */
  readonly wanted: Readonly<Record<SenderPurpose, readonly AddressString[]>>;
  /** `sender.post` names them: an operator's word, not what is left over. */
  readonly isPostNamed: boolean;
}

/** The settings' purpose for what a message is for. */
export function senderPurposeOf(purpose: string): SenderPurpose {
  // Recoveries are declared for a deadline, as window PoSts are.
  if (purpose === 'recover') return 'post';
  return SENDER_PURPOSES.find((known) => known === purpose) ?? 'terminate';
}

export async function readSenderLists(
  chain: FactsChain,
  settings: Pick<Settings, 'get'>,
  miner: Pick<MinerRow, 'id' | 'sender' | 'worker'>,
  info: MinerInfo,
): Promise<SenderLists> {
  const roles = await rolesOf(chain, info);
  const named = (purpose: SenderPurpose): readonly AddressString[] =>
    settings.get(`sender.${purpose}`, { miner: miner.id });
  const usual = await keyOrText(chain, miner.sender ?? miner.worker);
  const resolve = async (purpose: SenderPurpose): Promise<readonly AddressString[]> => {
    const keys = await Promise.all(named(purpose).map((address) => keyOrText(chain, address)));
    return keys.length > 0 ? [...new Set(keys)] : [usual];
  };
  const [precommit, commit, terminate, post] = await Promise.all([
    resolve('precommit'),
    resolve('commit'),
    resolve('terminate'),
    resolve('post'),
  ]);
  const isPostNamed = named('post').length > 0;
  const batches = new Set([...precommit, ...commit, ...terminate]);
  return {
    roles,
    isPostNamed,
    wanted: { precommit, commit, terminate, post: isPostNamed ? post : spare(roles, batches, usual) },
  };
}

const NO_ACCOUNT: readonly ErrorCode[] = [
  'ADDRESS_MALFORMED',
  'CHAIN_NOT_AN_ACCOUNT',
  'CHAIN_ACTOR_NOT_FOUND',
];

/** A wrong entry is nothing to the miner, and so passed over: a slip in one list must not stop what another sends. */
async function keyOrText(chain: FactsChain, address: AddressString): Promise<AddressString> {
  try {
    return await accountKey(chain, address);
  } catch (error) {
    if (NO_ACCOUNT.some((code) => isBeeproError(error, code))) return address;
    throw error;
  }
}

/** Control addresses that send nothing else; without one window PoSts share the usual sender. */
function spare(
  roles: SenderLists['roles'],
  batches: ReadonlySet<AddressString>,
  usual: AddressString,
): readonly AddressString[] {
  const free = [...roles].filter(([address, own]) => own.includes('control') && !batches.has(address));
  return free.length > 0 ? free.map(([address]) => address) : [usual];
}

/** The accounts that the miner's actor lets send. Source: builtin-actors, callers of pre-commit and prove-commit. */
async function rolesOf(
  chain: FactsChain,
  info: MinerInfo,
): Promise<ReadonlyMap<AddressString, readonly SenderRole[]>> {
  const named: readonly (readonly [SenderRole, AddressString])[] = [
    ['owner', info.owner],
    ['worker', info.worker],
    ...info.controlAddresses.map((address) => ['control', address] as const),
  ];
  const roles = new Map<AddressString, SenderRole[]>();
  for (const [role, address] of named) {
    const key = await accountKeyIfAny(chain, address);
    if (key !== undefined) roles.set(key, [...(roles.get(key) ?? []), role]);
  }
  return roles;
}
