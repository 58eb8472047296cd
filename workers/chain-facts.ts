import { type ChainApi, networkPolicy, type PreCommitOnChain } from '#chain';
import { idAddress, minerEntropy, RANDOMNESS, sealedCommitment, toHex } from '#codec';
import type { ActorId, CidString, Epoch, SectorId } from '#core';
import type { TicketRules } from '#sector';

export interface Head {
  readonly epoch: Epoch;
  readonly key: readonly CidString[];
}

/** A pre-commit as the chain has it. */
export interface PreCommitFact {
  readonly epoch: Epoch;
  readonly commR: string;
  readonly ticketEpoch: Epoch;
}

/** The few questions that phases have for the chain, each asked when the phase starts. */
export interface ChainFacts {
  head(): Promise<Head>;
  ticketRules(): Promise<TicketRules>;
  /** PC1's randomness: drawn from tickets at `epoch`, with the miner's address as entropy. */
  ticket(miner: ActorId, epoch: Epoch, head: Head): Promise<string>;
  /** Whether the number was ever pre-committed: it is burnt then, for ever. */
  isNumberTaken(id: SectorId): Promise<boolean>;
  preCommit(id: SectorId): Promise<PreCommitFact | undefined>;
  /** Milliseconds per epoch. */
  blockMs(): Promise<number>;
}

export interface LotusFactsOptions {
  /** A ticket of (miner, epoch) that some worker of the fleet has drawn and recorded. */
  readonly findTicket?: (miner: ActorId, epoch: Epoch) => Promise<string | undefined>;
  /** 0 ≤ n < 1; tests give their own. */
  readonly random?: () => number;
}

/** A head is good for so much of an epoch: the phases that start meanwhile share one answer. */
const HEAD_LIVES = 1 / 4;
/**
 * Workers that are let loose at once look for their ticket at a random moment of so much of an epoch (2 s of 30 s), so
 * that all but the first few find it recorded: PC1 takes hours.
 */
const TICKET_SPREAD = 1 / 15;
/** Tickets kept: those of some miners, at the epochs of the last half hour. */
const TICKETS_KEPT = 64;

/** The facts as a Lotus node has them, each asked once for all that need it at the time. */
export class LotusFacts implements ChainFacts {
  readonly #chain: ChainApi;
  readonly #options: LotusFactsOptions;
  readonly #tickets = new Map<string, Promise<string>>();
  #head: { readonly answer: Promise<Head>; readonly askedAt: number } | undefined;
  #blockMs: number | undefined;
  #rules: TicketRules | undefined;

  constructor(chain: ChainApi, options: LotusFactsOptions = {}) {
    this.#chain = chain;
    this.#options = options;
  }

  async head(): Promise<Head> {
    const livesMs = (await this.blockMs()) * HEAD_LIVES;
    const now = performance.now();
    if (this.#head && now - this.#head.askedAt < livesMs) return this.#head.answer;
    const asked = { answer: this.#askHead(), askedAt: now };
    this.#head = asked;
    asked.answer.catch(() => {
      if (this.#head === asked) this.#head = undefined;
    });
    return asked.answer;
  }

  async #askHead(): Promise<Head> {
    const tipset = await this.#chain.chainHead();
    return { epoch: tipset.height, key: tipset.cids };
  }

  async ticketRules(): Promise<TicketRules> {
    if (!this.#rules) {
      const policy = networkPolicy(await this.#chain.stateNetworkVersion([]));
      this.#rules = { lookback: policy.ticketLookback, maxAge: policy.maxPreCommitTicketAge };
    }
    return this.#rules;
  }

  /** One question to a node for all workers of the fleet that need this ticket, or a few. */
  async ticket(miner: ActorId, epoch: Epoch, head: Head): Promise<string> {
    const key = `${miner} ${epoch}`;
    const drawn = this.#tickets.get(key);
    if (drawn) return drawn;
    const drawing = this.#drawTicket(miner, epoch, head);
    this.#tickets.set(key, drawing);
    const [oldest] = this.#tickets.keys();
    if (this.#tickets.size > TICKETS_KEPT && oldest !== undefined) this.#tickets.delete(oldest);
    drawing.catch(() => this.#tickets.delete(key));
    return drawing;
  }

  async #drawTicket(miner: ActorId, epoch: Epoch, head: Head): Promise<string> {
    const { findTicket, random = Math.random } = this.#options;
    if (findTicket) {
      const recorded = await findTicket(miner, epoch);
      if (recorded !== undefined) return recorded;
      const spreadMs = random() * TICKET_SPREAD * (await this.blockMs());
      await new Promise<void>((resolve) => setTimeout(resolve, spreadMs));
      const meanwhile = await findTicket(miner, epoch);
      if (meanwhile !== undefined) return meanwhile;
    }
    const bytes = await this.#chain.stateGetRandomnessFromTickets(
      RANDOMNESS.seal,
      epoch,
      minerEntropy(miner),
      [...head.key],
    );
    return toHex(bytes);
  }

  async isNumberTaken(id: SectorId): Promise<boolean> {
    return this.#chain.stateMinerSectorAllocated(idAddress(id.miner, 't'), id.number, []);
  }

  async preCommit(id: SectorId): Promise<PreCommitFact | undefined> {
    const found = await this.#chain.stateSectorPreCommitInfo(idAddress(id.miner, 't'), id.number, []);
    return found ? factOf(found) : undefined;
  }

  async blockMs(): Promise<number> {
    this.#blockMs ??= (await this.#chain.stateGetNetworkParams()).blockDelaySecs * 1_000;
    return this.#blockMs;
  }
}

function factOf(found: PreCommitOnChain): PreCommitFact {
  return {
    epoch: found.preCommitEpoch,
    commR: toHex(sealedCommitment(found.info.sealedCid)),
    ticketEpoch: found.info.sealRandEpoch,
  };
}
