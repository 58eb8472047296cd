import { ValueError } from './setting-type.ts';

/** What is asked for in place of an address that is none. */
const EXAMPLE = 'an address such as http://host:1234/rpc/v1 or /ip4/10.0.0.5/tcp/1234/http';
const SCHEMES: Readonly<Record<string, string>> = { http: 'http', https: 'https', ws: 'ws', wss: 'wss' };
/** A JWT, as Lotus' tokens are: three parts of base64url, with dots between them. */
const CLEAR_TOKEN = /\beyJ[\w-]*\.[\w-]+\.[\w-]*/;

/** Text as it may be shown: without what could be a token or a password. */
export function withoutSecrets(text: string): string {
  return text
    .replace(new RegExp(CLEAR_TOKEN, 'g'), '…')
    .replace(/\/\/[^@/\s]*@/g, '//…@')
    .replace(/\b(token=)(?!env:|file:)[^\s,&]+/g, '$1…')
    .replace(/(^|[\s,])[^\s,/:]{16,}(?=:(?:\/|\w+:\/\/))/g, '$1…');
}

/** Whether the text holds a token in clear: one alone, in a query, or before an address as in FULLNODE_API_INFO. */
export function holdsClearToken(text: string): boolean {
  return withoutSecrets(text) !== text && !/\/\/[^@/\s]*@/.test(text);
}

/**
 * A node's address as a URL: `http://host:1234/rpc/v1` (also https, ws, wss) stays what it is, and a multiaddr such
 * as `/ip4/10.0.0.5/tcp/1234/http` or `/dns4/node.example/tcp/443/wss` becomes one. Source of the names: multiaddr
 * specification; Lotus itself writes `/ip4/…/tcp/…/http`.
 * @throws ValueError
 */
export function nodeUrl(text: string): string {
  const url = text.startsWith('/') ? fromMultiaddr(text) : text;
  const shown = withoutSecrets(text);
  if (!URL.canParse(url) || !/^(https?|wss?):$/.test(new URL(url).protocol))
    throw new ValueError(`"${shown}" must be ${EXAMPLE}`);
  const { username, password, searchParams } = new URL(url);
  if (username || password)
    throw new ValueError('a node’s address must hold no credentials: give token=env:NAME');
  if (searchParams.has('token'))
    throw new ValueError('a node’s address must hold no token: give token=env:NAME or token=file:/PATH');
  return url;
}

function fromMultiaddr(text: string): string {
  const fail = () => new ValueError(`"${withoutSecrets(text)}" must be ${EXAMPLE}`);
  const [, kind, host, ...rest] = text.replace(/\/$/, '').split('/');
  if (host === undefined || !/^(ip4|ip6|dns|dns4|dns6)$/.test(kind ?? '')) throw fail();
  const parts = [...rest];
  let port = '';
  if (parts[0] === 'tcp') {
    if (!/^\d{1,5}$/.test(parts[1] ?? '')) throw fail();
    port = `:${parts[1]}`;
    parts.splice(0, 2);
  }
  const isSecure = parts[0] === 'tls';
  if (isSecure) parts.shift();
  // Without a protocol it is plain HTTP, as everybody means who leaves it out.
  const protocol = SCHEMES[parts[0] ?? 'http'];
  if (protocol === undefined || parts.length > 1) throw fail();
  const scheme = isSecure && /^(http|ws)$/.test(protocol) ? `${protocol}s` : protocol;
  return `${scheme}://${kind === 'ip6' ? `[${host}]` : host}${port}/rpc/v1`;
}

/** What `FULLNODE_API_INFO` holds: `TOKEN:MULTIADDR`, or an address alone. */
export interface ApiInfo {
  readonly url: string;
  readonly token: string | undefined;
}

/**
 * Reads the content of a secret in the form of Lotus' FULLNODE_API_INFO, `TOKEN:/ip4/10.0.0.5/tcp/1234/http`.
 * @throws ValueError without a word of the secret
 */
export function parseApiInfo(secret: string): ApiInfo {
  const [, token, address] = /^(?:([^:/\s]+):)?((?:\/|https?:\/\/|wss?:\/\/)\S+)$/.exec(secret.trim()) ?? [];
  try {
    return { url: nodeUrl(address ?? ''), token };
  } catch {
    throw new ValueError('it is not TOKEN:ADDRESS, such as FULLNODE_API_INFO holds');
  }
}
