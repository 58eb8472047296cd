import { BeeproError } from '#core';

/** A node's address in both forms. */
export interface Endpoint {
  /** http or https, with path. */
  readonly http: string;
  /** ws or wss, with path. */
  readonly webSocket: string;
  /** Host and port, for people: never a credential. */
  readonly name: string;
  /** Calls go over a WebSocket, because the address says so. */
  readonly prefersWebSocket: boolean;
}

/**
 * Reads `http://host:1234/rpc/v1` (also https, ws, wss). Without a path it becomes `/rpc/v1`.
 * @throws BeeproError `CHAIN_URL_MALFORMED`
 */
export function parseEndpoint(url: string): Endpoint {
  const fail = (detail: string) =>
    new BeeproError('CHAIN_URL_MALFORMED', { url: url.replace(/\/\/[^@/]*@/, '//…@'), detail });
  if (!URL.canParse(url)) throw fail('it is no URL');
  const parsed = new URL(url);
  const secure = { 'http:': false, 'ws:': false, 'https:': true, 'wss:': true }[parsed.protocol];
  if (secure === undefined) throw fail(`its protocol is ${parsed.protocol.replace(':', '')}`);
  if (parsed.username || parsed.password)
    throw fail('credentials do not belong in it; give a token by reference');
  const path = parsed.pathname === '/' ? '/rpc/v1' : parsed.pathname;
  const rest = `${parsed.host}${path}${parsed.search}`;
  const s = secure ? 's' : '';
  const prefersWebSocket = parsed.protocol.startsWith('ws');
  return { http: `http${s}://${rest}`, webSocket: `ws${s}://${rest}`, name: parsed.host, prefersWebSocket };
}
