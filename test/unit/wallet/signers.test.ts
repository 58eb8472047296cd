import { describe, expect, test } from 'vitest';
import { createSigner } from '#chain';
import {
  addressOfKey,
  decodeMessage,
  equalBytes,
  generateKey,
  type Message,
  type PrivateKey,
  signingBytes,
  signWithKey,
  verifySignature,
} from '#codec';
import { SettingTable } from '#config';
import { BeeproError, type ErrorCode, isBeeproError } from '#core';
import {
  combineSigners,
  createNodeWallet,
  createRemoteWallet,
  restingSigner,
  restMs,
  type Signer,
  signMessage,
} from '#wallet';

const withCode = (code: ErrorCode) => expect.toSatisfy((error: unknown) => isBeeproError(error, code));
const key = generateKey('secp256k1');
const from = addressOfKey(key, 't');
const message: Message = {
  version: 0,
  ...{ to: 't01000', from, nonce: 3, value: 7n, method: 0, params: new Uint8Array() },
  ...{ gasLimit: 1_000n, gasFeeCap: 5n, gasPremium: 1n },
};

function signerOf(name: string, keys: readonly PrivateKey[], isAway: () => boolean = () => false): Signer {
  const find = (address: string) => keys.find((one) => addressOfKey(one, 't') === address);
  const there = <T>(value: () => T): Promise<T> =>
    isAway() ? Promise.reject(new Error(`${name} is away`)) : Promise.resolve(value());
  return {
    name,
    addresses: () => there(() => keys.map((one) => addressOfKey(one, 't'))),
    has: (address) => there(() => find(address) !== undefined),
    sign: (address, data) =>
      there(() => {
        const own = find(address);
        if (!own) throw new BeeproError('WALLET_KEY_MISSING', { address });
        return signWithKey(own, data);
      }),
  };
}

describe('several signers', () => {
  const other = generateKey('bls');

  test('the first that holds the key signs', async () => {
    const both = combineSigners([signerOf('a', [other]), signerOf('b', [key, other])]);
    expect(await both.holder(from)).toBe('b');
    expect(await both.holder(addressOfKey(other, 't'))).toBe('a');
    expect(verifySignature((await signMessage(both, message)).signature, from, signingBytes(message))).toBe(
      true,
    );
  });

  test('one that is away is passed over where another holds the same key', async () => {
    const set = combineSigners([restingSigner(signerOf('a', [key], () => true)), signerOf('b', [key])]);
    expect(await set.holder(from)).toBe('b');
  });

  test('and waited for where none does: no other key signs, and the key is not called missing', async () => {
    const set = combineSigners([restingSigner(signerOf('a', [key], () => true)), signerOf('b', [other])]);
    await expect(signMessage(set, message)).rejects.toEqual(withCode('WALLET_SIGNER_AWAY'));
  });

  test('a key that nobody holds is missing', async () => {
    const set = combineSigners([signerOf('a', []), signerOf('b', [other])]);
    await expect(signMessage(set, message)).rejects.toEqual(withCode('WALLET_KEY_MISSING'));
  });

  test('what each holds, and who is away', async () => {
    const set = combineSigners([signerOf('a', [key]), restingSigner(signerOf('b', [other], () => true))]);
    expect(await set.holdings()).toEqual([
      { signer: 'a', addresses: [from] },
      { signer: 'b', addresses: [], away: expect.objectContaining({ code: 'WALLET_SIGNER_AWAY' }) },
    ]);
  });
});

describe('a signer that fails', () => {
  test('is left alone for a while, longer each time, and asked again then', async () => {
    let now = 0;
    let isAway = true;
    let asked = 0;
    const inner = signerOf('a', [key], () => {
      asked += 1;
      return isAway;
    });
    const signer = restingSigner(inner, () => now);
    const fails = () => expect(signer.has(from)).rejects.toEqual(withCode('WALLET_SIGNER_AWAY'));
    await fails();
    await fails();
    expect(asked).toBe(1);
    now += restMs(1);
    await fails();
    expect(asked).toBe(2);
    now += restMs(1);
    await fails();
    expect(asked).toBe(2);
    isAway = false;
    now += restMs(2);
    expect(await signer.has(from)).toBe(true);
    isAway = true;
    await fails();
    now += restMs(1);
    isAway = false;
    expect(await signer.has(from)).toBe(true);
  });

  test('rests at most half a minute', () => {
    expect([1, 2, 3, 6, 99].map(restMs)).toEqual([1_000, 2_000, 4_000, 30_000, 30_000]);
  });

  test('a key that it does not have is an answer', async () => {
    const signer = restingSigner(signerOf('a', []));
    await expect(signer.sign(from, new Uint8Array(1))).rejects.toEqual(withCode('WALLET_KEY_MISSING'));
    expect(await signer.has(from)).toBe(false);
  });
});

test('a remote wallet is told the message whose CID it signs', async () => {
  const told: unknown[] = [];
  const signer = createRemoteWallet({
    node: 'wallet:1777',
    walletHas: async () => true,
    walletList: async () => [from],
    walletSign: async (_address, data, meta) => {
      told.push(meta.type);
      if (meta.type === 'message') {
        const shown = decodeMessage(meta.extra, 't');
        if (!equalBytes(signingBytes(shown), data)) throw new Error('other bytes');
      }
      return signWithKey(key, data);
    },
  });
  await signMessage(signer, message);
  await signer.sign(from, new Uint8Array([1]));
  expect(told).toEqual(['message', 'unknown']);
});

describe('WalletSignMessage', () => {
  const node = (change: Partial<Message>) =>
    createNodeWallet(
      {
        node: 'lotus',
        walletHas: async () => true,
        walletList: async () => [from],
        walletSign: () => Promise.reject(new Error('not asked')),
        walletSignMessage: async (_address, given) => {
          const shown = { ...given, ...change };
          return { message: shown, signature: signWithKey(key, signingBytes(shown)) };
        },
      },
      'WalletSignMessage',
    );

  test('signs what it is given', async () => {
    const { signature } = await signMessage(node({}), message);
    expect(verifySignature(signature, from, signingBytes(message))).toBe(true);
  });

  test('a node that signs another message is caught', async () => {
    await expect(signMessage(node({ nonce: 9 }), message)).rejects.toEqual(
      withCode('WALLET_SIGNATURE_WRONG'),
    );
  });
});

describe('the nodes’ wallets', () => {
  const nodeWith = (keys: readonly PrivateKey[], isAway = false) => {
    const signer = signerOf('node', keys, () => isAway);
    return { node: 'n', walletHas: signer.has, walletList: signer.addresses, walletSign: signer.sign };
  };
  const signer = (nodes: readonly object[], configured: number) => {
    const list = Array.from({ length: configured }, (_, i) => `http://n${i}:1/rpc/v1`).join(', ');
    const settings = new SettingTable([{ name: 'chain.nodes', scope: '*', value: list }], () => undefined);
    return createSigner(settings, { inRotation: () => Promise.resolve(nodes as never) });
  };

  test('each node has its own: the key is found where it lies', async () => {
    const set = signer([nodeWith([]), nodeWith([key])], 2);
    expect(await set.has(from)).toBe(true);
    await signMessage(set, message);
  });

  test.each([
    ['of a node that does not answer', [nodeWith([]), nodeWith([key], true)], 2],
    ['of a node that is out of rotation', [nodeWith([])], 2],
  ])('a key that may lie in the wallet %s is away, not missing', async (_what, nodes, configured) => {
    await expect(signer(nodes, configured).sign(from, new Uint8Array(1))).rejects.toEqual(
      withCode('WALLET_SIGNER_AWAY'),
    );
  });

  test('where all answer, it is missing', async () => {
    await expect(signer([nodeWith([])], 1).sign(from, new Uint8Array(1))).rejects.toEqual(
      withCode('WALLET_KEY_MISSING'),
    );
  });
});
