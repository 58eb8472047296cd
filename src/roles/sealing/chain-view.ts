import { type ChainApi, type ChainPool, type NetworkPolicy, networkPolicy } from '#chain';
import type { CidString, Epoch } from '#core';
import type { SealingModules } from './modules.ts';

/** The chain at one moment: every decision of a pass is taken against the same head. */
export interface ChainView {
  readonly head: Epoch;
  readonly key: readonly CidString[];
  /** The key of the tipset before it. */
  readonly parents: readonly CidString[];
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

  /** Its head as `node` has it: what is read at this view is asked of the same one. */
  async view(node: ChainApi = this.#chain): Promise<ChainView> {
    const { height, cids, blocks } = await node.chainHead();
    if (!this.#rules || Math.abs(height - this.#rules.at) > RULES_LIVE) {
      const [version, params] = await Promise.all([
        node.stateNetworkVersion([]),
        node.stateGetNetworkParams(),
      ]);
      this.#rules = {
        policy: networkPolicy(version),
        challengeDelay: params.preCommitChallengeDelay,
        at: height,
      };
    }
    const { policy, challengeDelay } = this.#rules;
    return { head: height, key: cids, parents: blocks[0]?.parents ?? [], policy, challengeDelay };
  }
}

/** The role's parts with one node in the place of the pool: all that a pass reads agrees. Pushes still reach others. */
export function pinnedTo(modules: SealingModules, node: ChainApi): SealingModules {
  const { chain } = modules;
  const parts: Pick<ChainPool, 'onOneNode' | 'inRotation'> = {
    onOneNode: (work) => work(node),
    inRotation: () => chain.inRotation(),
  };
  return { ...modules, chain: Object.assign(Object.create(node) as ChainApi, parts) };
}
