import type { SealerProgram } from '#sealer';
import type { NetworkEconomy } from './actors/economy.ts';
import type { GenesisSpec } from './genesis/genesis-spec.ts';
import type { MempoolRules } from './mempool/rules.ts';
import type { NetworkPolicy } from './policy.ts';
import type { SealVerifier } from './proofs/seal-verifier.ts';
import type { ListenAddress } from './rpc/listen-address.ts';

/** What makes a chain this chain. Kept with its state: a later start may repeat it, not change it. */
export interface ChainIdentity {
  /** Everything drawn by chance follows from it, the keys of named genesis accounts too. Default: random. */
  readonly seed: string;
  readonly networkName: string;
  /** ms; faster chains than one second say one second in the API. */
  readonly blockTimeMs: number;
  /** Share of epochs without a block, 0 to below 1. */
  readonly nullRounds: number;
  /**
   * For tests: tickets and seeds depend on the chain's seed, the purpose and the entropy alone, not on the epoch,
   * so that a sector has the same proof on every run.
   */
  readonly constantRandomness: boolean;
  readonly policy: NetworkPolicy;
  readonly economy: NetworkEconomy;
  readonly genesis: GenesisSpec;
  /** Unix time of epoch 0, in seconds. */
  readonly genesisTimestamp: number;
}

export interface DevnetOptions extends Partial<Omit<ChainIdentity, 'policy' | 'economy'>> {
  /** Folder of the chain; made when it is not there. */
  readonly stateDir: string;
  readonly policy?: Partial<NetworkPolicy>;
  readonly economy?: Partial<NetworkEconomy>;
  /** Endpoints over the one chain, each a node of its own. Default 1. */
  readonly nodes?: number;
  /** Where they listen, in their order. Default: free ports of 127.0.0.1, or of the last host that is given. */
  readonly listen?: ListenAddress | readonly ListenAddress[];
  /** Every node has a wallet of its own, and the first alone holds the keys of genesis. Default: one for all. */
  readonly ownWallets?: boolean;
  /** From a push to one node until the others and the producer have the message, in ms. Default 0. */
  readonly gossipDelayMs?: number;
  /** Of every node's mempool. */
  readonly mempool?: Partial<MempoolRules>;
  /** The sealer that verifies proofs; its parameters are found by `FIL_PROOFS_PARAMETER_CACHE` of the environment. */
  readonly sealer?: SealerProgram;
  /** In its place, for tests of everything but proofs. */
  readonly verifier?: SealVerifier;
  /**
   * Takes what the replay sealer gives in the place of proofs; proofs are verified as ever. The chain's name says it:
   * `beepro-devnet-replay`, which is the default then, or a longer one that begins with it.
   */
  readonly acceptReplayProofs?: boolean;
  /** Make blocks only when told to. */
  readonly paused?: boolean;
  /** Epochs for which states are kept, for calls about the past and for reorgs. Default 1,800. */
  readonly keepStates?: number;
  /** Epochs for which tipsets are kept; messages and what executed them always are. Default 20,000. */
  readonly keepTipSets?: number;
  /** Told when a block could not be made, which the clock tries again, or a snapshot not written. */
  readonly onBlockFailure?: (error: unknown) => void;
}
