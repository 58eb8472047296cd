import { idAddress } from '#codec';
import type { ActorId, AttoFil } from '#core';
import { listMessages, type MessageState } from '#db';
import type { SealingModules } from './modules.ts';

/** Messages whose collateral the chain has not taken yet. */
const OPEN: readonly MessageState[] = ['intent', 'nonce', 'signed', 'pushed'];

/**
 * What a new message may count on of the miner's own balance: nothing while another is on its way, which counts on it
 * too. A message that brings too little waits, and its sectors' tickets grow old; what is brought too much stays the
 * miner's. The messages are asked first and the balance at the newest head: what has landed since is in it.
 */
export async function freeFunds(modules: SealingModules, miner: ActorId): Promise<AttoFil> {
  const [open] = await listMessages(modules.db.kysely, { states: OPEN, miner, limit: 1 });
  return open ? 0n : modules.chain.stateMinerAvailableBalance(idAddress(miner, 't'), []);
}
