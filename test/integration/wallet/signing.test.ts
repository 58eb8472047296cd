import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type ConfiguredSigner, createSigner } from '#chain';
import { generateKey, type KeyType, messageCid, toBase64 } from '#codec';
import { findMessage, insertMessage, listMessageVersions, type MessageRow } from '#db';
import { createTestFolder, RemoteWallet, type TestFolder, waitFor } from '#testing';
import { KeyStore } from '#wallet';
import { startSealing } from '../../../src/roles/sealing/index.ts';
import { createSealingRig, type SealingRig } from '../sealing/sealing-rig.ts';

/** Far below the real cost, so that the tests take milliseconds. */
const cost = { N: 2 ** 4, r: 8, p: 1 };
const FIL = 10n ** 18n;

let rig: SealingRig;
let folder: TestFolder;
let signer: ConfiguredSigner;
let wallet: RemoteWallet;
let coordinator: { stop(): Promise<void> };

beforeAll(async () => {
  rig = await createSealingRig({ blockTimeMs: 100 }, { pollMs: 100 });
  folder = await createTestFolder();
  writeFileSync(join(folder.path, 'password'), 'correct horse\n');
  writeFileSync(join(folder.path, 'token'), 'wallet-token-1\n');
  writeFileSync(join(folder.path, 'other-token'), 'another\n');
  await rig.set('chain.nodes', rig.node);
  await rig.set('chain.confidence.final', '1');
  signer = createSigner(rig.modules.settings, rig.modules.chain);
  coordinator = startSealing({ ...rig.modules, signer });
});
afterAll(async () => {
  await coordinator.stop();
  await signer.close();
  await folder.remove();
  await rig[Symbol.asyncDispose]();
});

let from: string;
let path: string;
beforeEach(async () => {
  path = join(folder.path, `keys-${randomBytes(4).toString('hex')}.json`);
  from = await store().add(generateKey('secp256k1'));
  wallet = await RemoteWallet.start(store());
  await fund(from);
});
afterEach(async () => {
  await wallet[Symbol.asyncDispose]();
  await rig.set('wallet.signers', 'node');
  await rig.set('wallet.sign_timeout', '2m');
});

const store = () => new KeyStore({ path, password: async () => 'correct horse', prefix: 't', cost });
const remote = (token = 'token') => `remote ${wallet.url} token=file:${join(folder.path, token)}`;
const local = () => `store ${path} password=file:${join(folder.path, 'password')}`;

/** The node's own wallet pays it in. */
async function fund(address: string): Promise<void> {
  const { chain } = rig.modules;
  const sender = rig.devnet.accounts.operator ?? '';
  const open = { version: 0, nonce: 0, method: 0, params: new Uint8Array() };
  const gas = { gasLimit: 0n, gasFeeCap: 0n, gasPremium: 0n };
  await chain.mpoolPushMessage({ ...open, ...gas, from: sender, to: address, value: FIL }, null);
  await waitFor(async () => (await chain.walletBalance(address)) > 0n, { what: 'the key funded' });
}

const send = (): Promise<number> =>
  insertMessage(rig.modules.db.kysely, {
    ...{ miner: rig.miner, purpose: 'send', from_address: from, to_address: rig.devnet.miners[0] ?? '' },
    ...{ method: 0, value: 1n, params: toBase64(new Uint8Array()), max_fee: FIL / 10n },
  });

async function until(id: number, what: string, condition: (row: MessageRow) => boolean): Promise<MessageRow> {
  return waitFor(
    async () => {
      const row = await findMessage(rig.modules.db.kysely, id);
      return row && condition(row) && row;
    },
    { what: `message ${id} ${what}`, deadlineMs: 30_000 },
  );
}
const isFinal = (row: MessageRow) => row.state === 'final';
const versions = (id: number) => listMessageVersions(rig.modules.db.kysely, id);

test.each(['secp256k1', 'bls'] as const)(
  'a remote wallet signs with a %s key what it is shown',
  async (type: KeyType) => {
    from = await store().add(generateKey(type));
    await fund(from);
    await rig.set('wallet.signers', remote());
    const row = await until(await send(), 'final', isFinal);
    expect(row.exit_code).toBe(0);
    const [shown] = wallet.signed;
    expect(shown).toMatchObject({ from, nonce: row.nonce, value: 1n });
    const [version] = await versions(row.id);
    if (type === 'bls' && shown) expect(version?.cid).toBe(messageCid(shown));
  },
);

test('the key store of this machine signs', async () => {
  await rig.set('wallet.signers', local());
  await until(await send(), 'final', isFinal);
});

test('a key that no signer holds waits, and goes when a signer that has it is named', async () => {
  const id = await send();
  const waiting = await until(id, 'waiting', (row) => row.error_code !== null);
  expect(waiting).toMatchObject({ state: 'nonce', error_code: 'WALLET_KEY_MISSING' });
  await rig.set('wallet.signers', `node, ${remote()}`);
  await until(id, 'final', isFinal);
});

test.each(['hang up', 'stall'] as const)(
  'a wallet that does %s is waited for: nothing is signed with another key, and its messages go when it is back',
  async (fault) => {
    await rig.set('wallet.sign_timeout', '1s');
    await rig.set('wallet.signers', `${remote()}, node`);
    expect(await signer.has(from)).toBe(true);
    wallet.fault = fault;
    const id = await send();
    const waiting = await until(id, 'waiting', (row) => row.error_code !== null);
    expect(waiting).toMatchObject({ state: 'nonce', error_code: 'WALLET_SIGNER_AWAY' });
    expect(await versions(id)).toHaveLength(0);
    wallet.fault = 'none';
    const final = await until(id, 'final', isFinal);
    expect(final.nonce).toBe(waiting.nonce);
  },
);

test('a wallet that is restarted at its address goes on', async () => {
  await rig.set('wallet.signers', remote());
  await wallet.close();
  const id = await send();
  await until(id, 'waiting', (row) => row.error_code === 'WALLET_SIGNER_AWAY');
  await wallet.listen();
  await until(id, 'final', isFinal);
});

test('the same key in a second signer signs while the first is away', async () => {
  await rig.set('wallet.signers', `${remote()}, ${local()}`);
  wallet.fault = 'hang up';
  await until(await send(), 'final', isFinal);
  expect(wallet.signed).toHaveLength(0);
});

test('a signature over something else is neither stored nor sent', async () => {
  await rig.set('wallet.signers', remote());
  wallet.fault = 'sign other bytes';
  const id = await send();
  const refused = await until(id, 'refused', (row) => row.error_code !== null);
  expect(refused).toMatchObject({ state: 'nonce', error_code: 'WALLET_SIGNATURE_WRONG', cid: null });
  expect(await versions(id)).toHaveLength(0);
  wallet.fault = 'none';
  await until(id, 'final', isFinal);
});

test('a token that is refused is told, and read again when it is changed', async () => {
  await rig.set('wallet.signers', remote('other-token'));
  const id = await send();
  const waiting = await until(id, 'waiting', (row) => row.error_code !== null);
  expect(waiting.error_code).toBe('WALLET_SIGNER_AWAY');
  expect(waiting.error_message).toContain('401');
  expect(waiting.error_message).not.toContain('another');
  writeFileSync(join(folder.path, 'other-token'), 'wallet-token-1\n');
  await until(id, 'final', isFinal);
});

test('the node may be given the message to sign', async () => {
  await rig.set('wallet.signers', 'node method=WalletSignMessage');
  from = rig.devnet.accounts.operator ?? '';
  await until(await send(), 'final', isFinal);
});
