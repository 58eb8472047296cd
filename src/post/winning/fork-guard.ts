import { type ActorId, BeeproError, type CidString, type Epoch, killPoint } from '#core';
import {
  assertLease,
  commitsAreDurable,
  type Database,
  forfeitAbandonedBlocks,
  type HeldLease,
  highestOwnEpoch,
  insertOwnBlock,
  listRivalBlocks,
  lockMiningHistory,
  moveOwnBlock,
  raiseKnownFrom,
  storeSignedBlock,
  transaction,
} from '#db';
import { type ForkVerdict, forkVerdict, type WantedBlock } from './fork-rules.ts';
import type { Watermark } from './watermark.ts';

/** A block that won its election and may be signed, if the guard lets it. */
export interface BlockClaim extends WantedBlock {
  /** The ticket's VRF, hex. */
  readonly ticket: string;
  readonly wins: number;
}

export interface ForkGuardOptions {
  readonly database: Database;
  readonly miner: ActorId;
  readonly watermark: Watermark;
}

/**
 * Stands between a miner and its node, which signs as it creates a block. {@link claim} commits the epoch before the
 * node is asked, under the lease that fences this process; the database's keys hold whatever two processes believe.
 *
 * ```ts
 * await guard.claim(lease, block);                       // committed, and on this host's disk
 * const signed = await node.minerCreateBlock(template);  // once, never again for this epoch
 * await guard.keep(lease, block.epoch, signed);
 * ```
 */
export class ForkGuard {
  readonly #options: ForkGuardOptions;

  constructor(options: ForkGuardOptions) {
    this.#options = options;
  }

  /**
   * To be called when a lease was taken, before the first claim: gives up what earlier holders left half done, and
   * notices a database that knows less than this host does.
   *
   * @param now the epoch by the wall clock: after a loss nothing is signed up to the one after it
   * @throws BeeproError `MINING_NOT_DURABLE`, `LEASE_LOST`
   */
  async open(lease: HeldLease, now: Epoch): Promise<void> {
    const { database, miner, watermark } = this.#options;
    if (!(await commitsAreDurable(database.kysely))) throw new BeeproError('MINING_NOT_DURABLE');
    await transaction(database, async (trx) => {
      await assertLease(trx, lease);
      const history = await lockMiningHistory(trx, miner);
      const highest = (await highestOwnEpoch(trx, miner)) ?? -1;
      const isForgetful = watermark.epoch !== undefined && watermark.epoch > highest;
      if (isForgetful)
        await raiseKnownFrom(trx, miner, now + 2, `this host saw a block of epoch ${watermark.epoch} here`);
      else if (!history)
        await raiseKnownFrom(trx, miner, now + 2, 'this database has not mined for the miner before');
      await forfeitAbandonedBlocks(trx, miner, lease.token);
    });
  }

  /**
   * Commits the epoch to one block. When this returns the node may be asked to sign it: once.
   * @throws BeeproError `MINING_FORK_REFUSED`, `MINING_HISTORY_UNKNOWN`, `LEASE_LOST`: the epoch is not to be signed
   */
  async claim(lease: HeldLease, block: BlockClaim): Promise<void> {
    const { database, miner, watermark } = this.#options;
    const { epoch, parents, base, ticket, wins } = block;
    await transaction(database, async (trx) => {
      await assertLease(trx, lease);
      const history = await lockMiningHistory(trx, miner);
      if (!history) throw unknownHistory(epoch, epoch + 2, 'no history is open');
      const rivals = await listRivalBlocks(trx, miner, { epoch, parents, baseHeight: base.height });
      const verdict = forkVerdict(block, rivals, history.known_from);
      if (verdict.verdict === 'refuse') throw refusal(epoch, verdict, history);
      await insertOwnBlock(trx, {
        ...{ miner, epoch, parents, baseHeight: base.height, ticket, wins },
        leaseToken: lease.token,
        holder: lease.holder,
      });
    });
    killPoint('mining.claimed');
    // After the commit: a mark without its row would look like a database that has forgotten it.
    await watermark.raise(epoch);
    killPoint('mining.watermarked');
  }

  /** Commits what the node has signed, before it is submitted; false: too late, it must not be submitted. */
  async keep(
    lease: HeldLease,
    epoch: Epoch,
    signed: { readonly cid: CidString; readonly block: string },
  ): Promise<boolean> {
    const { database, miner } = this.#options;
    const isKept = await storeSignedBlock(database.kysely, { miner, epoch, leaseToken: lease.token }, signed);
    killPoint('mining.signed');
    return isKept;
  }

  async submitted(epoch: Epoch): Promise<void> {
    const { database, miner } = this.#options;
    await moveOwnBlock(database.kysely, { miner, epoch }, { from: ['signed'], to: 'submitted' });
    killPoint('mining.submitted');
  }

  /** The epoch is lost, with its reason; nothing is asked again for it. */
  async forfeit(epoch: Epoch, reason: string): Promise<void> {
    const { database, miner } = this.#options;
    const move = { from: ['claimed', 'signed'], to: 'forfeited', reason: reason.slice(0, 2_000) } as const;
    await moveOwnBlock(database.kysely, { miner, epoch }, move);
  }

  /** For who stands by: keeps on this host's disk what the database knows now. */
  async follow(): Promise<void> {
    const { database, miner, watermark } = this.#options;
    const highest = await highestOwnEpoch(database.kysely, miner);
    if (highest !== undefined) await watermark.raise(highest);
  }
}

function refusal(
  epoch: Epoch,
  verdict: Extract<ForkVerdict, { verdict: 'refuse' }>,
  history: { readonly known_from: Epoch; readonly because: string },
): BeeproError {
  if (verdict.because === 'history-unknown')
    return unknownHistory(epoch, history.known_from, history.because);
  const own = verdict.own ? `, with the own block of epoch ${verdict.own.epoch}` : '';
  return new BeeproError('MINING_FORK_REFUSED', { epoch, detail: `${verdict.because}${own}` });
}

function unknownHistory(epoch: Epoch, knownFrom: Epoch, because: string): BeeproError {
  return new BeeproError('MINING_HISTORY_UNKNOWN', { epoch, knownFrom, because });
}
