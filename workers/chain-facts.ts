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

/** The facts as a Lotus node has them. */
export class LotusFacts implements ChainFacts {
  readonly #chain: ChainApi;
  #blockMs: number | undefined;
  #rules: TicketRules | undefined;

  constructor(chain: ChainApi) {
    this.#chain = chain;
  }

  async head(): Promise<Head> {
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

  async ticket(miner: ActorId, epoch: Epoch, head: Head): Promise<string> {
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
