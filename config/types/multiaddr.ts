/**
 * A multiaddr such as `/ip4/10.0.0.9/tcp/1777/http`, as the files and variables of Lotus give API addresses, as an
 * URL without a path; undefined when it is no such multiaddr.
 */
export function urlOfMultiaddr(text: string): string | undefined {
  const match = /^\/(ip4|ip6|dns|dns4|dns6)\/([^/\s@]+)\/tcp\/(\d{1,5})(?:\/(http|https|ws|wss))?$/.exec(
    text,
  );
  const [, kind, host, port, scheme = 'http'] = match ?? [];
  if (host === undefined || Number(port) > 65_535) return undefined;
  const url = `${scheme}://${kind === 'ip6' ? `[${host}]` : host}:${port}`;
  return URL.canParse(url) ? url : undefined;
}
