import { type ChainApi, type NetworkPolicy, networkPolicy } from '#chain';
import type { CidString, Epoch } from '#core';

/** The chain at one moment: every decision of a pass is taken against the same head. */
export interface ChainView {
  readonly head: Epoch;
  readonly key: readonly CidString[];
  readonly policy: NetworkPolicy;
  /** Epochs from a pre-commit to its seed, on this network. */
  readonly challengeDelay: Epoch;
}

/** Network version and parameters change with upgrades only: they are asked again after so many epochs. */
const RULES_LIVE: Epoch = 60;

export class ChainViewer {
  readonly #chain: ChainApi;
  #rules: { readonly policy: NetworkPolicy; readonly challengeDelay: Epoch; readonly at: Epoch } | undefined;

  constructor(chain: ChainApi) {
    this.#chain = chain;
  }

  async view(): Promise<ChainView> {
    const { height, cids } = await this.#chain.chainHead();
    if (!this.#rules || Math.abs(height - this.#rules.at) > RULES_LIVE) {
      const [version, params] = await Promise.all([
        this.#chain.stateNetworkVersion([]),
        this.#chain.stateGetNetworkParams(),
      ]);
      this.#rules = {
        policy: networkPolicy(version),
        challengeDelay: params.preCommitChallengeDelay,
        at: height,
      };
    }
    const { policy, challengeDelay } = this.#rules;
    return { head: height, key: cids, policy, challengeDelay };
  }
}
