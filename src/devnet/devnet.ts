import { idAddress } from '#codec';
import { type AddressString, BeeproError } from '#core';
import { isReplayNetwork } from '#sealer';
import { BlockClock } from './chain/block-clock.ts';
import { controlMethods } from './control/control-methods.ts';
import { DevnetControl } from './control/devnet-control.ts';
import type { DevnetNode } from './node/devnet-node.ts';
import { openNodes } from './node/open-nodes.ts';
import type { ChainIdentity, DevnetOptions } from './options.ts';
import type { SealVerifier } from './proofs/seal-verifier.ts';
import { SealerVerifier } from './proofs/sealer-verifier.ts';
import { StandInProofs } from './proofs/stand-in-proofs.ts';
import { VerdictCache } from './proofs/verdict-cache.ts';
import type { Permission } from './rpc/auth.ts';
import { identityIn } from './storage/identity.ts';
import { openChain } from './storage/open-chain.ts';
import { StateFolder } from './storage/state-folder.ts';

const KEEP_STATES = 1_800;
const KEEP_TIPSETS = 20_000;

/** One of a devnet's endpoints, in the hands of an in-process test. */
export type DevnetEndpoint = Pick<
  DevnetNode,
  'index' | 'url' | 'token' | 'tokenFor' | 'faults' | 'standing' | 'fault' | 'heal'
>;

/** A running devnet. */
export interface Devnet {
  /** Every endpoint; address and token of the first are those of the devnet. */
  readonly nodes: readonly DevnetEndpoint[];
  /** `http://127.0.0.1:PORT/rpc/v1`; the same path takes WebSockets. */
  readonly url: string;
  /** An admin token; also in the folder's file `token`, with the address in `api`. */
  readonly token: string;
  tokenFor(permission: Permission): string;
  readonly identity: ChainIdentity;
  /** Addresses of named genesis accounts, by name. */
  readonly accounts: Readonly<Record<string, AddressString>>;
  /** Genesis miners, `t01000` first. */
  readonly miners: readonly AddressString[];
  readonly control: DevnetControl;
  stop(): Promise<void>;
}

/**
 * Starts the chain of a folder, or a new one, and serves Lotus' API for it.
 *
 * @example
 * const devnet = await startDevnet({ stateDir, blockTimeMs: 1_000, sealer: { bin } });
 * @throws BeeproError `DEVNET_…`
 */
export async function startDevnet(options: DevnetOptions): Promise<Devnet> {
  const folder = StateFolder.open(options.stateDir);
  const closing: (() => void | Promise<void>)[] = [() => folder.release()];
  const closeAll = async (): Promise<void> => {
    for (const close of closing.reverse()) await close();
  };
  try {
    const named = namedForReplay(options);
    // Before a new chain's folder gets its identity, and again for the one that is kept.
    requireReplayName(named.networkName, options.acceptReplayProofs ?? false);
    const identity = identityIn(folder, named);
    requireReplayName(identity.networkName, options.acceptReplayProofs ?? false);
    const real = verifierOf(options, folder);
    const proofs = new StandInProofs(real, isReplayNetwork(identity.networkName));
    const verifier = new VerdictCache(proofs, folder.file('verdicts.jsonl'));
    closing.push(() => verifier.close());
    const onFailure = options.onBlockFailure ?? ignore;
    const keep = {
      states: options.keepStates ?? KEEP_STATES,
      tipSets: options.keepTipSets ?? KEEP_TIPSETS,
    };
    const { chain, failureLog, close } = await openChain(folder, identity, verifier, keep, onFailure);
    closing.push(close);
    const { nodes, gossip, accounts, ...opened } = openNodes(folder, identity, chain, options);
    closing.push(opened.close);
    const clock = new BlockClock(chain, onFailure);
    closing.push(async () => {
      clock.pause();
      await chain.settled();
    });
    const control = new DevnetControl({ chain, clock, gossip, nodes, failureLog });
    await opened.serve(controlMethods(control, nodes));
    const [first] = nodes as [DevnetNode];
    if (!options.paused) clock.resume();
    return {
      nodes,
      url: first.url,
      token: first.token,
      tokenFor: (permission) => first.tokenFor(permission),
      identity,
      accounts,
      miners: identity.genesis.miners.map((_, index) => idAddress(1000 + index, 't')),
      control,
      stop: closeAll,
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

function ignore(): void {
  // The clock tries again by itself; who wants to know asks for it.
}

const REPLAY_NETWORK = 'beepro-devnet-replay';

function namedForReplay(options: DevnetOptions): DevnetOptions {
  if (!options.acceptReplayProofs || options.networkName !== undefined) return options;
  return { ...options, networkName: REPLAY_NETWORK };
}

/** The mode and the name go together, so that nobody can meet such a chain without being told. */
function requireReplayName(networkName: string | undefined, acceptsReplay: boolean): void {
  if (networkName === undefined || isReplayNetwork(networkName) === acceptsReplay) return;
  const detail = acceptsReplay
    ? `${networkName} does not begin with ${REPLAY_NETWORK}`
    : `${networkName} was named so, and --accept-replay-proofs is not given`;
  throw new BeeproError('DEVNET_REPLAY_UNNAMED', { detail });
}

function verifierOf(options: DevnetOptions, folder: StateFolder): SealVerifier {
  if (options.verifier) return options.verifier;
  if (options.sealer) return new SealerVerifier(options.sealer, folder.file('sealer'));
  throw new BeeproError('DEVNET_NO_SEALER');
}
