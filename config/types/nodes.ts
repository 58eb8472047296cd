import { holdsClearToken, nodeUrl } from './node-address.ts';
import { type SettingType, ValueError } from './setting-type.ts';

/** A Lotus node as the operator names it. */
export interface ChainNode {
  /**
   * `http://host:1234/rpc/v1`; https, ws and wss too, never with credentials. Or `env:NAME`, `file:/PATH`: a secret
   * that holds token and address together, as Lotus' FULLNODE_API_INFO does.
   */
  readonly url: string;
  /** Where its API token is: `env:NAME` or `file:/path`. The token itself is never a setting. */
  readonly token: string | undefined;
}

const REFERENCE = /^(?:env:\w+|file:\/.+)$/;
const IN_CLEAR =
  'it holds a token in clear, which everybody who reads the database would see: put the token into a file or an ' +
  'environment variable and write ADDRESS token=file:/PATH, or name a variable that holds TOKEN:ADDRESS as ' +
  'env:FULLNODE_API_INFO; and give the node a new token, for this one has been shown';

/** `ADDRESS [token=env:NAME|token=file:/PATH]` or `env:NAME`, several separated by commas, best first. */
export function chainNodes(): SettingType<readonly ChainNode[]> {
  return {
    name: 'list of nodes',
    range: 'URL or multiaddr, token=env:NAME or token=file:/PATH, separated by commas',
    parse: (text) => {
      const nodes = text
        .split(',')
        .map((entry) => entry.trim())
        .filter((entry) => entry !== '')
        .map(parseNode);
      const twice = nodes.find(({ url }, index) => nodes.findIndex((other) => other.url === url) < index);
      if (twice) throw new ValueError(`${twice.url} must be named once`);
      return nodes;
    },
    format: (nodes) => nodes.map(formatNode).join(', '),
  };
}

function parseNode(entry: string): ChainNode {
  const [address = '', ...options] = entry.split(/\s+/);
  if (holdsClearToken(address)) throw new ValueError(IN_CLEAR, { isSecret: true });
  if (REFERENCE.test(address)) {
    if (options.length > 0) throw new ValueError(`${address} holds its token already: nothing may follow it`);
    return { url: address, token: undefined };
  }
  const url = nodeUrl(address);
  let token: string | undefined;
  for (const option of options) {
    const reference = /^token=(.+)$/.exec(option)?.[1] ?? '';
    if (!REFERENCE.test(reference))
      throw new ValueError('after the address only token=env:NAME or token=file:/PATH may stand', {
        isSecret: true,
      });
    token = reference;
  }
  return { url, token };
}

function formatNode({ url, token }: ChainNode): string {
  return token === undefined ? url : `${url} token=${token}`;
}
