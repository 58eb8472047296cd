import type { Settings, SignerSetting } from '#config';
import { readSecret } from '#core';
import {
  combineSigners,
  createRemoteWallet,
  KeyStore,
  restingSigner,
  type Signer,
  type SignerSet,
} from '#wallet';
import type { ChainPool } from '../rpc/index.ts';
import { createNodesWallet } from './nodes-wallet.ts';
import { createRemoteWalletApi } from './remote-wallet-api.ts';

/** The signers of `wallet.signers`, as the setting says at each signature. */
export interface ConfiguredSigner extends SignerSet {
  close(): Promise<void>;
}

interface OpenSigner {
  readonly setting: SignerSetting;
  readonly signer: Signer;
  close(): Promise<void>;
}

/**
 * Signs by the setting `wallet.signers`, live. Tokens and passwords are read by their references when they are needed,
 * and again for each call of a remote wallet, so that they may be changed.
 *
 * @example
 * const signer = createSigner(settings, chain);
 * const signed = await signMessage(signer, message);
 */
export function createSigner(
  settings: Pick<Settings, 'get'>,
  chain: Pick<ChainPool, 'inRotation'>,
): ConfiguredSigner {
  let open: readonly OpenSigner[] = [];
  const current = (): readonly Signer[] => {
    const wanted = settings.get('wallet.signers');
    const old = open;
    open = wanted.map(
      (setting) =>
        old.find((known) => isSame(known.setting, setting)) ?? openSigner(setting, settings, chain),
    );
    for (const known of old) if (!open.includes(known)) void known.close();
    return open.map(({ signer }) => signer);
  };
  // Added to, not spread: the name follows the setting.
  return Object.assign(combineSigners(current), {
    close: async () => {
      await Promise.all(open.map((known) => known.close()));
      open = [];
    },
  });
}

function openSigner(
  setting: SignerSetting,
  settings: Pick<Settings, 'get'>,
  chain: Pick<ChainPool, 'inRotation'>,
): OpenSigner {
  const nothing = (): Promise<void> => Promise.resolve();
  switch (setting.kind) {
    case 'node': {
      const configured = (): number => settings.get('chain.nodes').length;
      return { setting, signer: createNodesWallet(chain, setting.method, configured), close: nothing };
    }
    case 'remote': {
      const { url, token } = setting;
      const api = createRemoteWalletApi({
        url,
        ...(token !== undefined && { token: () => readSecret(token) }),
        signTimeoutMs: () => settings.get('wallet.sign_timeout'),
      });
      return { setting, signer: restingSigner(createRemoteWallet(api)), close: () => api.close() };
    }
    case 'store':
      return { setting, signer: openKeyStore(setting), close: nothing };
  }
}

/** The key store of a signer's setting. Addresses are written as on test networks unless said otherwise. */
export function openKeyStore(
  { path, password }: Extract<SignerSetting, { kind: 'store' }>,
  prefix: 't' | 'f' = 't',
): KeyStore {
  return new KeyStore({ path, password: () => readSecret(password), prefix });
}

function isSame(a: SignerSetting, b: SignerSetting): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
