import { type ChainApi, createLotusClient } from '#chain';
import {
  addressOfKey,
  generateKey,
  type Message,
  type PrivateKey,
  type SignedMessage,
  signingBytes,
  signWithKey,
} from '#codec';
import type { DevnetEndpoint, DevnetOptions } from '#devnet';
import { startTestDevnet, type TestDevnet } from './test-devnet.ts';

/** A paused devnet of several nodes, a client to each, and a key with money that none of them holds. */
export interface TestNodes extends AsyncDisposable {
  readonly test: TestDevnet;
  readonly nodes: readonly DevnetEndpoint[];
  readonly clients: readonly ChainApi[];
  readonly sender: string;
  sign(change?: Partial<Message>): SignedMessage;
  /** Nonces in each node's mempool. */
  pending(): Promise<number[][]>;
}

export async function startTestNodes(options: Partial<DevnetOptions> = {}, blocks = 2): Promise<TestNodes> {
  const key: PrivateKey = generateKey('secp256k1');
  const sender = addressOfKey(key, 't');
  const test = await startTestDevnet({
    nodes: 3,
    genesis: {
      accounts: [
        { name: 'worker', type: 'bls', balance: 10n ** 24n },
        { address: sender, balance: 10n ** 20n },
      ],
      miners: [{ owner: 'worker', worker: 'worker', sectorSize: '2KiB', balance: 10n ** 22n, sectors: [] }],
    },
    ...options,
  });
  await test.devnet.control.mine(blocks);
  const { nodes } = test.devnet;
  const clients = nodes.map((node) => createLotusClient({ url: node.url, token: () => node.token }));
  return {
    test,
    nodes,
    clients,
    sender,
    sign(change = {}) {
      const message: Message = {
        version: 0,
        to: test.worker,
        from: sender,
        nonce: 0,
        value: 1n,
        gasLimit: 2_000_000n,
        gasFeeCap: 100_000n,
        gasPremium: 10_000n,
        method: 0,
        params: new Uint8Array(),
        ...change,
      };
      return { message, signature: signWithKey(key, signingBytes(message)) };
    },
    pending: () =>
      Promise.all(
        clients.map(async (client) => (await client.mpoolPending([])).map(({ message }) => message.nonce)),
      ),
    async [Symbol.asyncDispose]() {
      await Promise.all(clients.map((client) => client.close()));
      await test[Symbol.asyncDispose]();
    },
  };
}

/** The n-th of a list that is known to have it. */
export function nth<T>(list: readonly T[], index: number): T {
  const found = list[index];
  if (found === undefined) throw new Error(`there is no ${index}`);
  return found;
}
