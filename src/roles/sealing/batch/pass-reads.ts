import type { ChainApi, PreCommitOnChain, SectorInfo } from '#chain';
import { type BitField, idAddress, type SectorPreCommitInfo } from '#codec';
import type { ActorId, AttoFil, Bytes, Epoch, SectorNumber } from '#core';
import type { ChainView } from '../chain-view.ts';

/**
 * What one pass asks the chain about one miner, each question once: thousands of sectors wait for few messages, and
 * most of the answers are the same for all of them. Everything is read at the view's tipset, so that it agrees.
 */
export class PassReads {
  readonly view: ChainView;
  readonly #miner: ActorId;
  readonly #answers = new Map<string, Promise<unknown>>();
  readonly #speakers = new Map<string, SectorNumber>();

  constructor(view: ChainView, miner: ActorId) {
    this.view = view;
    this.#miner = miner;
  }

  /** The sector that speaks for a group: the first that was named for it. */
  speaker(group: string, number: SectorNumber): SectorNumber {
    const known = this.#speakers.get(group) ?? number;
    this.#speakers.set(group, known);
    return known;
  }

  /** What one unit of gas costs in the epoch after the head, in attoFIL. */
  async baseFee(node: ChainApi): Promise<AttoFil> {
    const head = await this.#once('head', () => node.chainGetTipSet(this.#key));
    return head.blocks[0]?.parentBaseFee ?? 0n;
  }

  /** Every number that was ever pre-committed. */
  allocated(node: ChainApi): Promise<BitField> {
    return this.#once('allocated', () => node.stateMinerAllocated(this.#address, this.#key));
  }

  preCommit(node: ChainApi, number: SectorNumber): Promise<PreCommitOnChain | null> {
    return this.#once(`precommit ${number}`, () =>
      node.stateSectorPreCommitInfo(this.#address, number, this.#key),
    );
  }

  sector(node: ChainApi, number: SectorNumber): Promise<SectorInfo | null> {
    return this.#once(`sector ${number}`, () => node.stateSectorGetInfo(this.#address, number, this.#key));
  }

  /** That of a sector full of verified data, whatever it holds (FIP-0076): the same for all of a size. */
  deposit(node: ChainApi, info: SectorPreCommitInfo): Promise<AttoFil> {
    return this.#once(`deposit ${info.sealProof}`, () =>
      node.stateMinerPreCommitDepositForPower(this.#address, info, this.#key),
    );
  }

  pledge(node: ChainApi, life: Epoch, bytes: Bytes): Promise<AttoFil> {
    return this.#once(`pledge ${bytes}`, () =>
      node.stateMinerInitialPledgeForSector(life, bytes, 0, this.#key),
    );
  }

  get #address(): string {
    return idAddress(this.#miner, 't');
  }

  get #key(): string[] {
    return [...this.view.key];
  }

  /** An answer that failed to come is asked for again. */
  #once<T>(what: string, ask: () => Promise<T>): Promise<T> {
    const known = this.#answers.get(what);
    if (known) return known as Promise<T>;
    const answer = ask().catch((error: unknown) => {
      this.#answers.delete(what);
      throw error;
    });
    this.#answers.set(what, answer);
    return answer;
  }
}
