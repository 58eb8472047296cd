import { createHash } from 'node:crypto';
import type { ActorId, Epoch } from '#core';
import type { ChainFacts } from '#workers';

/** A chain that stands still and is asked nothing over a network: what is measured is queues and database. */
export class StillChain implements ChainFacts {
  async head() {
    return { epoch: 5_000, key: [] };
  }

  async ticketRules() {
    return { lookback: 900, maxAge: 3_780 };
  }

  async ticket(miner: ActorId, epoch: Epoch): Promise<string> {
    const digest = createHash('sha256').update(`${miner} ${epoch}`).digest();
    digest[31] = (digest[31] ?? 0) & 0x3f;
    return digest.toString('hex');
  }

  async isNumberTaken(): Promise<boolean> {
    return false;
  }

  async preCommit(): Promise<undefined> {
    return undefined;
  }

  async blockMs(): Promise<number> {
    return 30_000;
  }
}
