import { mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addressOfKey, generateKey, toBase64, toHex, verifySignature, verifySignedMessage } from '#codec';
import { type ErrorCode, isBeeproError, readSecret } from '#core';
import { combineSigners, createNodeWallet, KeyStore, type Signer, signMessage } from '#wallet';

/** Far below the real cost, so that the tests take milliseconds. */
const cost = { N: 2 ** 4, r: 8, p: 1 };
const data = new TextEncoder().encode('hello');
const withCode = (code: ErrorCode) => expect.toSatisfy((error: unknown) => isBeeproError(error, code));

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'beepro-keys-'));
  path = join(folder, 'keys', 'store.json');
});
afterEach(() => rm(folder, { recursive: true }));

const store = (password = 'correct horse', prefix: 't' | 'f' = 't') =>
  new KeyStore({ path, password: async () => password, prefix, cost });

describe('the key store', () => {
  it.each(['secp256k1', 'bls'] as const)('keeps a %s key over restarts and signs with it', async (type) => {
    const key = generateKey(type);
    const address = await store().add(key);
    expect(address).toBe(addressOfKey(key, 't'));

    const reopened = store();
    expect(await reopened.addresses()).toEqual([address]);
    expect(await reopened.has(address)).toBe(true);
    expect(verifySignature(await reopened.sign(address, data), address, data)).toBe(true);
    expect(await reopened.reveal(address)).toEqual(key);
  });

  it('holds no key in the clear, and belongs to its owner alone', async () => {
    const key = generateKey('secp256k1');
    await store().add(key);
    const text = await readFile(path, 'utf8');
    expect(text).not.toContain(toBase64(key.bytes));
    expect(text).not.toContain(toHex(key.bytes));
    expect(text).not.toContain('correct horse');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('refuses a wrong password, to sign and to add', async () => {
    const address = await store().add(generateKey('bls'));
    await expect(store('wrong').sign(address, data)).rejects.toEqual(withCode('WALLET_STORE_LOCKED'));
    await expect(store('wrong').add(generateKey('bls'))).rejects.toEqual(withCode('WALLET_STORE_LOCKED'));
    expect(await store().addresses()).toEqual([address]);
  });

  it('refuses a key twice, and one it does not have', async () => {
    const key = generateKey('secp256k1');
    const address = await store().add(key);
    await expect(store().add(key)).rejects.toEqual(withCode('WALLET_KEY_EXISTS'));
    const other = addressOfKey(generateKey('secp256k1'), 't');
    await expect(store().sign(other, data)).rejects.toEqual(withCode('WALLET_KEY_MISSING'));
    expect(await store().addresses()).toEqual([address]);
  });

  it('is the same store whatever prefix addresses are written with', async () => {
    const key = generateKey('secp256k1');
    await store().add(key);
    const mainnet = addressOfKey(key, 'f');
    const signature = await store('correct horse', 'f').sign(mainnet, data);
    expect(verifySignature(signature, mainnet, data)).toBe(true);
  });

  it('adds at once without losing one', async () => {
    const keys = store();
    const added = await Promise.all(Array.from({ length: 5 }, () => keys.add(generateKey('secp256k1'))));
    expect((await store().addresses()).toSorted()).toEqual(added.toSorted());
  });

  it('leaves a second writer outside, and takes over from one that died', async () => {
    await store().add(generateKey('secp256k1'));
    await writeFile(`${path}.new`, '');
    await expect(store().add(generateKey('secp256k1'))).rejects.toEqual(withCode('WALLET_STORE_LOCKED'));
    await utimes(`${path}.new`, 0, 0);
    await store().add(generateKey('secp256k1'));
    expect((await store().addresses()).length).toBe(2);
  });

  it.each([
    ['no JSON', () => '{'],
    ['another format', () => '{"format":"x","version":1,"keys":[]}'],
    ['a cost that takes all memory', (text: string) => text.replace('"N": 16', '"N": 4294967296')],
  ])('says when the file is damaged: %s', async (_what, damage) => {
    await store().add(generateKey('secp256k1'));
    await writeFile(path, damage(await readFile(path, 'utf8')));
    await expect(store().addresses()).rejects.toEqual(withCode('WALLET_STORE_DAMAGED'));
  });

  it('notices a key that was put under another’s address', async () => {
    await store().add(generateKey('secp256k1'));
    const second = await store().add(generateKey('secp256k1'));
    const file = JSON.parse(await readFile(path, 'utf8')) as { keys: { address: string }[] };
    const [first, other] = file.keys;
    await writeFile(path, JSON.stringify({ ...file, keys: [{ ...first, address: other?.address }] }));
    await expect(store().sign(second, data)).rejects.toEqual(withCode('WALLET_STORE_LOCKED'));
  });
});

describe('signing messages', () => {
  const key = generateKey('secp256k1');
  const from = addressOfKey(key, 't');
  const message = {
    version: 0,
    to: 't01000',
    from,
    nonce: 1,
    value: 5n,
    gasLimit: 1_000_000n,
    gasFeeCap: 100n,
    gasPremium: 10n,
    method: 28,
    params: Uint8Array.of(0x81, 0x80),
  };

  it('gives a message that verifies', async () => {
    const keys = store();
    await keys.add(key);
    expect(verifySignedMessage(await signMessage(keys, message))).toBe(true);
  });

  it('refuses a sender that has no key of its own', async () => {
    await expect(signMessage(store(), { ...message, from: 't0100' })).rejects.toEqual(
      withCode('ADDRESS_MALFORMED'),
    );
  });

  it('refuses a signer that signs with another key', async () => {
    const keys = store();
    const other = await keys.add(generateKey('secp256k1'));
    const wrong: Signer = {
      name: 'wrong',
      addresses: () => keys.addresses(),
      has: () => Promise.resolve(true),
      sign: () => keys.sign(other, data),
    };
    await expect(signMessage(wrong, message)).rejects.toEqual(withCode('WALLET_SIGNATURE_WRONG'));
  });

  it('goes to whichever signer has the key', async () => {
    const keys = store();
    await keys.add(key);
    const asked: string[] = [];
    const node = createNodeWallet({
      node: 'lotus:1234',
      walletHas: async () => false,
      walletList: async () => ['t0100'],
      walletSign: async (address) => {
        asked.push(address);
        throw new Error('not asked');
      },
    });
    const both = combineSigners([node, keys]);
    expect(verifySignedMessage(await signMessage(both, message))).toBe(true);
    expect(asked).toEqual([]);
    expect(await both.addresses()).toEqual(['t0100', from]);
    await expect(combineSigners([node]).sign(from, data)).rejects.toEqual(withCode('WALLET_KEY_MISSING'));
  });
});

describe('secrets', () => {
  it('are read by reference only', async () => {
    const file = join(folder, 'secret');
    await writeFile(file, ' s3cret\n');
    expect(await readSecret(`file:${file}`)).toBe('s3cret');
    process.env.BEEPRO_TEST_SECRET = 'from the environment';
    expect(await readSecret('env:BEEPRO_TEST_SECRET')).toBe('from the environment');
    delete process.env.BEEPRO_TEST_SECRET;
  });

  it.each(['hunter2', 'env:BEEPRO_NOT_SET', 'file:/nowhere/at/all', ''])(
    '%j is refused',
    async (reference) => {
      await expect(readSecret(reference)).rejects.toEqual(withCode('SECRET_UNREADABLE'));
      await expect(readSecret(reference)).rejects.not.toThrow('hunter2');
    },
  );
});
