import { z } from 'zod';
import {
  addressOfKey,
  exportKey,
  generateKey,
  importKey,
  isKeyAddress,
  type KeyType,
  type PrivateKey,
  type Signature,
  signWithKey,
} from '#codec';
import type { AddressString } from '#core';
import { LotusError } from '../lotus-error.ts';
import { nodeFile } from '../storage/node-file.ts';
import type { StateFolder } from '../storage/state-folder.ts';

const FILE = 'keystore.json';

/** Keys of one node, or of all that share them: test FIL only. They lie in a file that its owner alone can read. */
export class KeyStore {
  readonly #folder: StateFolder;
  readonly #file: string;
  readonly #keys = new Map<AddressString, PrivateKey>();

  constructor(folder: StateFolder, node = 0) {
    this.#folder = folder;
    this.#file = nodeFile(FILE, node);
    const kept = folder.parse(this.#file, (text) =>
      z.array(z.string()).parse(JSON.parse(text)).map(importKey),
    );
    for (const key of kept ?? []) this.#remember(key);
  }

  /** Addresses in the order of their texts, as Lotus lists them. */
  list(): AddressString[] {
    return [...this.#keys.keys()].sort();
  }

  /** The key that was first put in. */
  get defaultAddress(): AddressString | undefined {
    return this.#keys.keys().next().value;
  }

  has(address: AddressString): boolean {
    return this.#keys.has(address);
  }

  create(type: KeyType): AddressString {
    return this.add(generateKey(type));
  }

  add(key: PrivateKey): AddressString {
    const address = this.#remember(key);
    this.#folder.write(this.#file, JSON.stringify([...this.#keys.values()].map(exportKey)));
    return address;
  }

  /** @throws LotusError */
  sign(address: AddressString, data: Uint8Array): Signature {
    const key = isKeyAddress(address) ? this.#keys.get(address) : undefined;
    if (!key) throw new LotusError(`signing using key '${address}': key info not found: key info not found`);
    return signWithKey(key, data);
  }

  #remember(key: PrivateKey): AddressString {
    const address = addressOfKey(key, 't');
    this.#keys.set(address, key);
    return address;
  }
}
