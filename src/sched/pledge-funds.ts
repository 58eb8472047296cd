import type { ActorId, AttoFil } from '#core';

/** A miner's money as the chain has it, and what its sectors in flight still owe. */
export interface MinerAccount {
  readonly miner: ActorId;
  /** The miner actor's own balance that is locked by nothing. */
  readonly available: AttoFil;
  /** Deposits and pledges that its sectors in flight are still to bring. */
  readonly owed: AttoFil;
  /** Who pays what the miner itself has not. */
  readonly wallet: string;
}

/** What a miner may spend on new sectors: `free` in all, of which `wallet.free` is shared by all who pay from it. */
export interface MinerFunds {
  readonly free: AttoFil;
  readonly wallet: { readonly address: string; readonly free: AttoFil };
}

/**
 * Shares out the wallets: each miner pays what it owes from its own balance first, and what is missing is set aside
 * in its wallet. What is left of a wallet is there once, for whoever pledges first; when it does not even cover what
 * is owed it is negative.
 *
 * @param balances attoFIL of each wallet
 */
export function shareFunds(
  accounts: readonly MinerAccount[],
  balances: ReadonlyMap<string, AttoFil>,
): Map<ActorId, MinerFunds> {
  const left = new Map(balances);
  for (const { wallet, available, owed } of accounts) {
    if (owed > available) left.set(wallet, (left.get(wallet) ?? 0n) - (owed - available));
  }
  return new Map(
    accounts.map(({ miner, wallet, available, owed }) => {
      const own = available > owed ? available - owed : 0n;
      const free = left.get(wallet) ?? 0n;
      return [miner, { free: own + free, wallet: { address: wallet, free } }];
    }),
  );
}
