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
export class ChainFacts {
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

  /** PC1's randomness: drawn from tickets at `epoch`, with the miner's address as entropy. */
  async ticket(miner: ActorId, epoch: Epoch, head: Head): Promise<string> {
    const bytes = await this.#chain.stateGetRandomnessFromTickets(
      RANDOMNESS.seal,
      epoch,
      minerEntropy(miner),
      [...head.key],
    );
    return toHex(bytes);
  }

  /** Whether the number was ever pre-committed: it is burnt then, for ever. */
  async isNumberTaken(id: SectorId): Promise<boolean> {
    return this.#chain.stateMinerSectorAllocated(idAddress(id.miner, 't'), id.number, []);
  }

  async preCommit(id: SectorId): Promise<PreCommitFact | undefined> {
    const found = await this.#chain.stateSectorPreCommitInfo(idAddress(id.miner, 't'), id.number, []);
    return found ? factOf(found) : undefined;
  }

  /** Milliseconds per epoch. */
  async blockMs(): Promise<number> {
    this.#blockMs ??= (await this.#chain.stateGetNetworkParams()).blockDelaySecs * 1_000;
    return this.#blockMs;
  }

  networkName(): Promise<string> {
    return this.#chain.stateNetworkName();
  }
}

function factOf(found: PreCommitOnChain): PreCommitFact {
  return {
    epoch: found.preCommitEpoch,
    commR: toHex(sealedCommitment(found.info.sealedCid)),
    ticketEpoch: found.info.sealRandEpoch,
  };
}
