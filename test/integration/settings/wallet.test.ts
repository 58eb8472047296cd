import { join } from 'node:path';
import { afterAll, beforeAll, describe, vi } from 'vitest';
import { addressChange, createSigner } from '#chain';
import { createTestFolder, RemoteWallet } from '#testing';
import { KeyStore } from '#wallet';
import { FEES } from './observations/fees.ts';
import { WALLET, type WalletBench } from './observations/wallet.ts';
import { createCoordinatorBench } from './support/coordinator-bench.ts';
import { observeEach } from './support/observation.ts';

const resources = new AsyncDisposableStack();
let bench: WalletBench;

beforeAll(async () => {
  const coordinator = resources.use(await createCoordinatorBench());
  const folder = resources.adopt(await createTestFolder(), (made) => made.remove());
  const keys = new KeyStore({
    path: join(folder.path, 'keys.json'),
    password: async () => 'correct horse',
    prefix: 't',
    cost: { N: 2 ** 4, r: 8, p: 1 },
  });
  const wallet = resources.use(await RemoteWallet.start(keys));
  vi.stubEnv('TEST_WALLET_TOKEN', wallet.token);
  const { settings, chain } = coordinator.rig.modules;
  const signer = resources.adopt(createSigner(settings, chain), (made) => made.close());
  const controls = await giveControls(coordinator);
  bench = { ...coordinator, controls, signer, keys, wallet };
});
afterAll(() => resources.disposeAsync());

/** Two funded accounts of the node's wallet that may send for the miner. */
async function giveControls({
  rig,
  until,
}: Awaited<ReturnType<typeof createCoordinatorBench>>): Promise<[string, string]> {
  const { chain } = rig.modules;
  const miner = rig.devnet.miners[0] ?? '';
  const owner = rig.devnet.accounts.worker ?? '';
  const open = { version: 0, nonce: 0, gasLimit: 0n, gasFeeCap: 0n, gasPremium: 0n, from: owner };
  const controls = [await chain.walletNew('secp256k1'), await chain.walletNew('secp256k1')] as const;
  for (const to of controls)
    await chain.mpoolPushMessage(
      { ...open, to, value: 10n ** 20n, method: 0, params: new Uint8Array() },
      null,
    );
  await until('the accounts on chain', async () => (await chain.walletBalance(controls[1])) > 0n);
  const info = await chain.stateMinerInfo(miner, []);
  const { method, params } = addressChange(miner, info, { control: controls });
  await chain.mpoolPushMessage({ ...open, to: miner, value: 0n, method, params }, null);
  await until('the control addresses', async () => {
    return (await chain.stateMinerInfo(miner, [])).controlAddresses.length === 2;
  });
  return [...controls];
}

const each = () => bench.reset();

describe('changed by plain SQL, in force on a coordinator that runs:', () => {
  observeEach(() => bench, FEES, { each });
  observeEach(() => bench, WALLET, { each });
});
