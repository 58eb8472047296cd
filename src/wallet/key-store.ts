import {
  type AddressPrefix,
  addressOfKey,
  type PrivateKey,
  type Signature,
  sameAddress,
  signWithKey,
  withPrefix,
} from '#codec';
import { type AddressString, BeeproError } from '#core';
import { type KeyStoreEntry, readKeyStoreFile, updateKeyStoreFile } from './key-store-file.ts';
import { DEFAULT_SCRYPT_COST, type ScryptCost, seal, unseal } from './sealed-box.ts';
import type { Signer } from './signer.ts';

export interface KeyStoreOptions {
  readonly path: string;
  /** Gives the password when it is needed, as {@link readSecret} does from its reference. */
  readonly password: () => Promise<string>;
  /** How addresses are written: `f` on mainnet. */
  readonly prefix: AddressPrefix;
  readonly cost?: ScryptCost;
}

/**
 * Keys in one file, each encrypted under the password: for devnets and small set-ups. A key is decrypted when it
 * is first used and then kept in memory. Writers take turns.
 */
export class KeyStore implements Signer {
  readonly name: string;
  readonly #options: KeyStoreOptions;
  readonly #open = new Map<AddressString, PrivateKey>();
  #writing: Promise<unknown> = Promise.resolve();

  constructor(options: KeyStoreOptions) {
    this.#options = options;
    this.name = `key store ${options.path}`;
  }

  async addresses(): Promise<readonly AddressString[]> {
    const entries = await readKeyStoreFile(this.#options.path);
    return entries.map((entry) => withPrefix(entry.address, this.#options.prefix));
  }

  async has(address: AddressString): Promise<boolean> {
    return (await this.addresses()).some((own) => sameAddress(own, address));
  }

  /** @throws BeeproError `WALLET_KEY_MISSING`, `WALLET_STORE_LOCKED` for a wrong password, `WALLET_STORE_DAMAGED` */
  async sign(from: AddressString, data: Uint8Array): Promise<Signature> {
    return signWithKey(await this.#key(from), data);
  }

  /**
   * Adds a key and gives its address.
   * @throws BeeproError `WALLET_KEY_EXISTS`, `WALLET_STORE_LOCKED` when the password does not open the keys there
   */
  add(key: PrivateKey): Promise<AddressString> {
    return this.#exclusively(async () => {
      const { path, prefix, password, cost = DEFAULT_SCRYPT_COST } = this.#options;
      const address = addressOfKey(key, prefix);
      await updateKeyStoreFile(path, async (entries) => {
        if (entries.some((entry) => sameAddress(entry.address, address)))
          throw new BeeproError('WALLET_KEY_EXISTS', { address });
        const [other] = entries;
        // A second password would leave a store of which no password opens every key.
        if (other) await this.#decrypt(other);
        const box = await seal(key.bytes, await password(), label(address, key.type), cost);
        return [...entries, { address, type: key.type, ...box }];
      });
      this.#open.set(address, key);
      return address;
    });
  }

  /** The key itself, for export. */
  reveal(address: AddressString): Promise<PrivateKey> {
    return this.#key(address);
  }

  async #key(address: AddressString): Promise<PrivateKey> {
    const own = withPrefix(address, this.#options.prefix);
    const open = this.#open.get(own);
    if (open) return open;
    const entries = await readKeyStoreFile(this.#options.path);
    const entry = entries.find((candidate) => sameAddress(candidate.address, own));
    if (!entry) throw new BeeproError('WALLET_KEY_MISSING', { address });
    const key = await this.#decrypt(entry);
    this.#open.set(own, key);
    return key;
  }

  async #decrypt(entry: KeyStoreEntry): Promise<PrivateKey> {
    const { path, password } = this.#options;
    const bytes = await unseal(entry, await password(), label(entry.address, entry.type));
    if (!bytes)
      throw new BeeproError('WALLET_STORE_LOCKED', { path, detail: 'the password does not open it' });
    const key = { type: entry.type, bytes };
    if (!sameAddress(addressOfKey(key, this.#options.prefix), entry.address))
      throw new BeeproError('WALLET_STORE_DAMAGED', {
        path,
        detail: `the key of ${entry.address} is another's`,
      });
    return key;
  }

  async #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#writing.then(work, work);
    this.#writing = turn.catch(() => undefined);
    return turn;
  }
}

/** Ties a box to its key, whatever prefix the address is written with. */
function label(address: AddressString, type: string): string {
  return `beepro key store 1 ${type} ${withPrefix(address, 'f')}`;
}
