import type { AddressString } from '#core';
import type { Chain } from '../chain/chain.ts';
import { ChainSeed } from '../chain/chain-seed.ts';
import type { ControlMethods } from '../control/control-method.ts';
import { genesisKey } from '../genesis/genesis-state.ts';
import { DEFAULT_MEMPOOL } from '../mempool/rules.ts';
import type { ChainIdentity, DevnetOptions } from '../options.ts';
import { TokenAuthority } from '../rpc/auth.ts';
import { Dispatcher } from '../rpc/dispatcher.ts';
import type { ListenAddress } from '../rpc/listen-address.ts';
import { RpcServer } from '../rpc/server.ts';
import { findActor } from '../state/index.ts';
import { MempoolLog } from '../storage/mempool-log.ts';
import { nodeFile } from '../storage/node-file.ts';
import type { StateFolder } from '../storage/state-folder.ts';
import { KeyStore } from '../wallet/key-store.ts';
import { DevnetNode } from './devnet-node.ts';
import { Gossip } from './gossip.ts';
import { NodeChain } from './node-chain.ts';

const LOOPBACK: ListenAddress = { host: '127.0.0.1', port: 0 };

/** The chain's nodes, before anybody can reach them. */
export interface OpenNodes {
  readonly nodes: readonly DevnetNode[];
  readonly gossip: Gossip;
  /** Addresses of named genesis accounts, by name. */
  readonly accounts: Readonly<Record<string, AddressString>>;
  /** Opens their ports and tells where in the folder. @throws BeeproError `DEVNET_LISTEN_FAILED` */
  serve(control: ControlMethods): Promise<void>;
  close(): Promise<void>;
}

export function openNodes(
  folder: StateFolder,
  identity: ChainIdentity,
  chain: Chain,
  options: DevnetOptions,
): OpenNodes {
  const { seed } = chain.options.randomness;
  const gossip = new Gossip(chain.mempool, options.gossipDelayMs ?? 0);
  const shared = new KeyStore(folder);
  const accounts = addGenesisKeys(shared, identity);
  const nonceOf = (from: AddressString): number => findActor(chain.headState, from)?.nonce ?? 0;
  const opened = Array.from({ length: options.nodes ?? 1 }, (_, index) => {
    const { log, messages, dropped } = MempoolLog.open(folder, index);
    const tokens = TokenAuthority.in(folder, index);
    const view = new NodeChain(chain, { ...DEFAULT_MEMPOOL, ...options.mempool });
    const node = new DevnetNode(index, view, gossip, log, tokens, drawing(seed, index));
    const wallet = index === 0 || !options.ownWallets ? shared : new KeyStore(folder, index);
    return { node, tokens, wallet, restore: () => node.restore(messages, dropped, nonceOf) };
  });
  // When all are there to hear of it.
  for (const { restore } of opened) restore();
  const nodes = opened.map(({ node }) => node);
  const addresses = listenAddresses(options.listen, nodes.length);
  return {
    nodes,
    gossip,
    accounts,
    async serve(control) {
      for (const { node, tokens, wallet } of opened) {
        const context = {
          chain: node.chain,
          wallet,
          tokens,
          networkName: identity.networkName,
          peerId: peerIdOf(identity, node.index),
          push: node.push.bind(node),
        };
        const server = new RpcServer(new Dispatcher(context, control, node.gate), tokens, node.chain);
        await node.serve(server, addresses[node.index] ?? LOOPBACK);
        folder.write(nodeFile('api', node.index), node.url);
        folder.write(nodeFile('token', node.index), node.token);
      }
    },
    async close() {
      gossip.close();
      await Promise.all(nodes.map((node) => node.close()));
    },
  };
}

function listenAddresses(given: DevnetOptions['listen'], count: number): readonly ListenAddress[] {
  const addresses: readonly ListenAddress[] = given === undefined ? [LOOPBACK] : [given].flat();
  const host = addresses.at(-1)?.host ?? LOOPBACK.host;
  return Array.from({ length: count }, (_, index) => addresses[index] ?? { host, port: 0 });
}

function addGenesisKeys(wallet: KeyStore, identity: ChainIdentity): Record<string, AddressString> {
  const seed = new ChainSeed(identity.seed, identity.nullRounds);
  const accounts: Record<string, AddressString> = {};
  for (const account of identity.genesis.accounts) {
    const key = genesisKey(seed, account);
    if (key && 'name' in account) accounts[account.name] = wallet.add(key);
  }
  return accounts;
}

/** Draws in [0, 1) that follow from the chain's seed. */
function drawing(seed: ChainSeed, node: number): () => number {
  let drawn = 0;
  return () => {
    const bytes = seed.digest('fault', node, drawn++);
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) / 2 ** 32;
  };
}

/** Looks like a peer id; nobody can dial it. */
function peerIdOf(identity: ChainIdentity, node: number): string {
  const text = node === 0 ? identity.seed : `${node} ${identity.seed}`;
  return `12D3KooW${Buffer.from(text).toString('hex').slice(0, 36)}`;
}
