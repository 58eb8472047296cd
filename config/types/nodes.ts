import { type SettingType, ValueError } from './setting-type.ts';

/** A Lotus node as the operator names it. */
export interface ChainNode {
  /** `http://host:1234/rpc/v1`; https, ws and wss too. Never with credentials. */
  readonly url: string;
  /** Where its API token is: `env:NAME` or `file:/path`. The token itself is never a setting. */
  readonly token: string | undefined;
}

/** `URL [token=env:NAME|token=file:/PATH]`, several separated by commas, best first. */
export function chainNodes(): SettingType<readonly ChainNode[]> {
  return {
    name: 'list of nodes',
    range: 'URL token=env:NAME or token=file:/PATH, separated by commas',
    parse: (text) =>
      text
        .split(',')
        .map((entry) => entry.trim())
        .filter((entry) => entry !== '')
        .map(parseNode),
    format: (nodes) => nodes.map(formatNode).join(', '),
  };
}

function parseNode(entry: string): ChainNode {
  const [url = '', ...options] = entry.split(/\s+/);
  if (!URL.canParse(url) || !/^(https?|wss?):$/.test(new URL(url).protocol)) {
    throw new ValueError(
      `"${url.replace(/\/\/[^@/]*@/, '//…@')}" must be an address such as http://host:1234/rpc/v1`,
    );
  }
  const { username, password } = new URL(url);
  if (username || password)
    throw new ValueError('a node’s address must hold no credentials: give token=env:NAME');
  let token: string | undefined;
  for (const option of options) {
    const reference = /^token=((?:env:\w+)|(?:file:\/.+))$/.exec(option)?.[1];
    if (reference === undefined)
      throw new ValueError('after the address only token=env:NAME or token=file:/PATH may stand');
    token = reference;
  }
  return { url, token };
}

function formatNode({ url, token }: ChainNode): string {
  return token === undefined ? url : `${url} token=${token}`;
}
