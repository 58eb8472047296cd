import { nodeUrl } from './node-address.ts';
import { type SettingType, ValueError } from './setting-type.ts';

/** Something that signs, as the operator names it. Secrets are references, never values. */
export type SignerSetting =
  /** The wallets of the Lotus nodes of `chain.nodes`. */
  | { readonly kind: 'node'; readonly method: 'WalletSign' | 'WalletSignMessage' }
  /** A wallet of its own with Lotus' wallet API, such as `lotus-wallet`. */
  | { readonly kind: 'remote'; readonly url: string; readonly token: string | undefined }
  /** The encrypted key store in a file of this machine. */
  | { readonly kind: 'store'; readonly path: string; readonly password: string };

const FORMS =
  'node, node method=WalletSignMessage, remote URL token=REFERENCE, store /PATH password=REFERENCE; a reference is env:NAME or file:/PATH';
const REFERENCE = /^(env:\w+|file:\/\S+)$/;

/** Signers in order of preference, separated by commas. */
export function signers(): SettingType<readonly SignerSetting[]> {
  return {
    name: 'list of signers',
    range: FORMS,
    parse: (text) => {
      const list = text
        .split(',')
        .map((entry) => entry.trim())
        .filter((entry) => entry !== '')
        .map(parseSigner);
      if (list.length === 0) throw new ValueError('at least one signer must stand there, such as node');
      return list;
    },
    format: (list) => list.map(formatSigner).join(', '),
  };
}

function parseSigner(entry: string): SignerSetting {
  const words = entry.split(/\s+/);
  const place = words.slice(1).find((word) => !/^[a-z]+=/.test(word));
  const options = optionsOf(words.slice(1).filter((word) => word !== place));
  switch (words[0]) {
    case 'node':
      return node(place, options);
    case 'remote':
      return remote(place, options);
    case 'store':
      return store(place, options);
    default:
      throw new ValueError(`a signer is one of: ${FORMS}`);
  }
}

function optionsOf(words: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    words.map((word) => {
      const [, name, value] = /^([a-z]+)=(.+)$/.exec(word) ?? [];
      // The word is not repeated: somebody may have typed a secret there.
      if (name === undefined || value === undefined) throw new ValueError(`a signer is one of: ${FORMS}`);
      return [name, value] as const;
    }),
  );
}

function node(place: string | undefined, options: ReadonlyMap<string, string>): SignerSetting {
  only(options, 'method');
  const method = options.get('method') ?? 'WalletSign';
  if (place !== undefined || (method !== 'WalletSign' && method !== 'WalletSignMessage'))
    throw new ValueError('after node only method=WalletSign or method=WalletSignMessage may stand');
  return { kind: 'node', method };
}

function remote(place: string | undefined, options: ReadonlyMap<string, string>): SignerSetting {
  only(options, 'token');
  const url = place?.startsWith('/') ? new URL(nodeUrl(place)).origin : place;
  if (url === undefined || !URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new ValueError(
      'after remote its address must stand, such as http://host:1777/rpc/v0 or /ip4/10.0.0.9/tcp/1777/http',
    );
  const { username, password, pathname } = new URL(url);
  if (username || password)
    throw new ValueError('a wallet’s address must hold no credentials: give token=env:NAME');
  // `lotus-wallet run` serves this path and no other.
  return {
    kind: 'remote',
    url: pathname === '/' ? new URL('/rpc/v0', url).href : url,
    token: reference(options, 'token'),
  };
}

function store(place: string | undefined, options: ReadonlyMap<string, string>): SignerSetting {
  only(options, 'password');
  const password = reference(options, 'password');
  if (!place?.startsWith('/')) throw new ValueError('after store the absolute path of its file must stand');
  if (password === undefined)
    throw new ValueError('a key store needs password=env:NAME or password=file:/PATH');
  return { kind: 'store', path: place, password };
}

function only(options: ReadonlyMap<string, string>, allowed: string): void {
  if ([...options.keys()].some((name) => name !== allowed))
    throw new ValueError(`a signer is one of: ${FORMS}`);
}

function reference(options: ReadonlyMap<string, string>, name: string): string | undefined {
  const value = options.get(name);
  if (value !== undefined && !REFERENCE.test(value))
    throw new ValueError(`${name} must be a reference, env:NAME or file:/PATH, never the secret itself`);
  return value;
}

function formatSigner(signer: SignerSetting): string {
  switch (signer.kind) {
    case 'node':
      return signer.method === 'WalletSign' ? 'node' : `node method=${signer.method}`;
    case 'remote':
      return signer.token === undefined
        ? `remote ${signer.url}`
        : `remote ${signer.url} token=${signer.token}`;
    case 'store':
      return `store ${signer.path} password=${signer.password}`;
  }
}
