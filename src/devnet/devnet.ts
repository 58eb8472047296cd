import { idAddress } from '#codec';
import { type AddressString, BeeproError } from '#core';
import { isReplayNetwork } from '#sealer';
import { BlockClock } from './chain/block-clock.ts';
import { ChainSeed } from './chain/chain-seed.ts';
import { controlMethods } from './control/control-methods.ts';
import { DevnetControl } from './control/devnet-control.ts';
import { genesisKey } from './genesis/genesis-state.ts';
import type { ChainIdentity, DevnetOptions } from './options.ts';
import type { SealVerifier } from './proofs/seal-verifier.ts';
import { SealerVerifier } from './proofs/sealer-verifier.ts';
import { StandInProofs } from './proofs/stand-in-proofs.ts';
import { VerdictCache } from './proofs/verdict-cache.ts';
import { type Permission, TokenAuthority } from './rpc/auth.ts';
import { Dispatcher } from './rpc/dispatcher.ts';
import { RpcServer } from './rpc/server.ts';
import { identityIn } from './storage/identity.ts';
import { openChain } from './storage/open-chain.ts';
import { StateFolder } from './storage/state-folder.ts';
import { KeyStore } from './wallet/key-store.ts';

const LOOPBACK = { host: '127.0.0.1', port: 0 };
const KEEP_STATES = 1_800;
const KEEP_TIPSETS = 20_000;

/** A running devnet. */
export interface Devnet {
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
    const { chain, mempoolLog, close } = await openChain(folder, identity, verifier, keep, onFailure);
    closing.push(close);
    const { wallet, accounts } = openWallet(folder, identity);
    const clock = new BlockClock(chain, onFailure);
    closing.push(async () => {
      clock.pause();
      await chain.settled();
    });
    const control = new DevnetControl(chain, clock, mempoolLog);
    const tokens = TokenAuthority.in(folder);
    const context = {
      chain,
      wallet,
      tokens,
      networkName: identity.networkName,
      peerId: peerIdOf(identity),
      persistPush: (cid: string) => {
        const message = chain.mempool.find(cid);
        if (!message) return;
        try {
          mempoolLog.append(message);
        } catch (error) {
          // What the caller is told has failed must not be sent all the same.
          chain.mempool.drop(cid);
          throw error;
        }
        chain.messages.remember(message);
      },
    };
    const server = new RpcServer(new Dispatcher(context, controlMethods(control)), tokens, chain);
    const { host, port } = await server.listen(options.listen ?? LOOPBACK);
    closing.push(() => server.close());
    const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}/rpc/v1`;
    const token = tokens.issueFor('admin');
    folder.write('api', url);
    folder.write('token', token);
    if (!options.paused) clock.resume();
    return {
      url,
      token,
      tokenFor: (permission) => tokens.issueFor(permission),
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

function openWallet(folder: StateFolder, identity: ChainIdentity) {
  const seed = new ChainSeed(identity.seed, identity.nullRounds);
  const wallet = new KeyStore(folder);
  const accounts: Record<string, AddressString> = {};
  for (const account of identity.genesis.accounts) {
    const key = genesisKey(seed, account);
    if (key && 'name' in account) accounts[account.name] = wallet.add(key);
  }
  return { wallet, accounts };
}

/** Looks like a peer id; nobody can dial it. */
function peerIdOf(identity: ChainIdentity): string {
  return `12D3KooW${Buffer.from(identity.seed).toString('hex').slice(0, 36)}`;
}
