import { open, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { openKeyStore } from '#chain';
import { exportKey, generateKey, importKey, type KeyType } from '#codec';
import { BeeproError } from '#core';
import { listMiners } from '#db';
import type { KeyStore } from '#wallet';
import { type JsonOption, printDone, printLine } from './command-io.ts';
import { type ConfirmOption, confirm } from './confirm.ts';
import type { CliContext } from './context.ts';
import { toJson } from './output/index.ts';

export interface StoreOptions extends JsonOption {
  readonly store?: string;
  readonly password?: string;
}

/** An exported key is a few hundred characters; what is longer is something else. */
const LONGEST_KEY = 4_096;

/**
 * The key store that a command is about: the one it names, else the first of `wallet.signers`.
 * @throws BeeproError `WALLET_NO_STORE`
 */
async function storeOf(context: CliContext, options: StoreOptions): Promise<KeyStore> {
  const [miner] = await listMiners(context.database.kysely);
  const prefix = miner?.network === 'mainnet' ? 'f' : 't';
  const { store, password } = options;
  if (store !== undefined) {
    if (password === undefined)
      throw new BeeproError('WALLET_NO_STORE', { detail: '--store needs --password env:NAME or file:/PATH' });
    return openKeyStore({ kind: 'store', path: resolve(store), password }, prefix);
  }
  const named = (await context.settings()).get('wallet.signers').find(({ kind }) => kind === 'store');
  if (named?.kind !== 'store')
    throw new BeeproError('WALLET_NO_STORE', { detail: 'the setting wallet.signers has none' });
  return openKeyStore(named, prefix);
}

export async function newKey(context: CliContext, type: KeyType, options: StoreOptions): Promise<void> {
  const store = await storeOf(context, options);
  const address = await store.add(generateKey(type));
  printDone(
    `${address} (${type}) is in the ${store.name}. Back that file up.`,
    { address, type, store: store.name },
    options,
  );
}

/** @throws BeeproError `KEY_MALFORMED`, `WALLET_KEY_EXISTS`, `WALLET_STORE_LOCKED` */
export async function importKeyText(
  context: CliContext,
  file: string | undefined,
  options: StoreOptions,
): Promise<void> {
  const store = await storeOf(context, options);
  const key = importKey(await readKeyText(file));
  const address = await store.add(key);
  const sentence = `${address} (${key.type}) is in the ${store.name}.`;
  printDone(sentence, { address, type: key.type, store: store.name }, options);
}

async function readKeyText(file: string | undefined): Promise<string> {
  const isStdin = file === undefined || file === '-';
  if (isStdin && process.stdin.isTTY)
    process.stderr.write('Paste the exported key, then press Enter and Ctrl-D:\n');
  let given: string;
  try {
    given = isStdin ? await text(process.stdin) : await readFile(file, 'utf8');
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new BeeproError(
      'SECRET_UNREADABLE',
      { reference: isStdin ? 'on standard input' : `file:${file}`, detail },
      { cause },
    );
  }
  if (given.length > LONGEST_KEY)
    throw new BeeproError('KEY_MALFORMED', { what: 'exported key', detail: 'it is far too long for one' });
  return given;
}

/** @throws BeeproError `CONFIRMATION_MISSING`, `WALLET_KEY_MISSING`, `WALLET_STORE_LOCKED` */
export async function exportKeyText(
  context: CliContext,
  address: string,
  options: StoreOptions & ConfirmOption & { readonly out?: string },
): Promise<void> {
  const store = await storeOf(context, options);
  const { out } = options;
  await confirm(`show the private key of ${address} ${out === undefined ? 'here' : `in ${out}`}`, options);
  const exported = exportKey(await store.reveal(address));
  if (out === undefined) {
    printLine(options.json ? toJson({ address, exported }) : exported);
    return;
  }
  await writeNew(out, `${exported}\n`);
  printDone(`The key of ${address} is in ${out}.`, { address, file: out }, options);
}

/** Never over a file that is there, and never readable by others, not even for a moment. */
async function writeNew(path: string, content: string): Promise<void> {
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new BeeproError('INPUT_INVALID', { what: 'The file to write', detail }, { cause });
  }
}
