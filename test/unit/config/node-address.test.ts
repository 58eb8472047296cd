import { describe, expect, test } from 'vitest';
import { nodeUrl, parseApiInfo, parseSettingValue, ValueError } from '#config';

describe('the address of a node', () => {
  test.each([
    ['http://h:1234/rpc/v1', 'http://h:1234/rpc/v1'],
    ['/ip4/10.0.0.5/tcp/1234/http', 'http://10.0.0.5:1234/rpc/v1'],
    ['/ip4/10.0.0.5/tcp/1234', 'http://10.0.0.5:1234/rpc/v1'],
    ['/ip6/::1/tcp/1234/ws', 'ws://[::1]:1234/rpc/v1'],
    ['/dns4/n.example/tcp/443/https', 'https://n.example:443/rpc/v1'],
    ['/dns/n.example/tcp/443/tls/ws', 'wss://n.example:443/rpc/v1'],
    ['/dns6/n.example/wss', 'wss://n.example/rpc/v1'],
  ])('%s', (text, url) => {
    expect(nodeUrl(text)).toBe(url);
  });

  test.each([
    '/ip4',
    '/ip4/1.2.3.4/tcp/x/http',
    '/unix/run/sock',
    '/ip4/1.2.3.4/tcp/1/http/p2p/x',
    'ftp://h',
    'h:1234',
    '',
  ])('"%s" is none', (text) => {
    expect(() => nodeUrl(text)).toThrow(ValueError);
  });
});

describe('FULLNODE_API_INFO', () => {
  const TOKEN = 'eyJhbGciOiJIUzI1NiJ9.eyJBbGxvdyI6WyJyZWFkIl19.c2ln-x_y';
  test.each([
    [`${TOKEN}:/ip4/10.0.0.5/tcp/1234/http`, { url: 'http://10.0.0.5:1234/rpc/v1', token: TOKEN }],
    [`${TOKEN}:wss://n.example/rpc/v1\n`, { url: 'wss://n.example/rpc/v1', token: TOKEN }],
    ['/ip4/10.0.0.5/tcp/1234/http', { url: 'http://10.0.0.5:1234/rpc/v1', token: undefined }],
  ])('%s', (secret, info) => {
    expect(parseApiInfo(secret)).toEqual(info);
  });

  test.each([TOKEN, `${TOKEN}:nowhere`, 'rubbish', ''])(
    'a secret that is none is refused without being shown',
    (secret) => {
      expect(() => parseApiInfo(secret)).toThrow(/^it is not TOKEN:ADDRESS/);
    },
  );

  test.each([
    `${TOKEN}:/ip4/10.0.0.5/tcp/1234/http`,
    `http://h:1234/rpc/v1?token=${TOKEN}`,
    `http://h:1234/rpc/v1 token=${TOKEN}`,
    `http://h:1234/rpc/v1 ${TOKEN}`,
  ])('a token in clear is refused, told what to do about, and never shown again', (text) => {
    let message = '';
    try {
      parseSettingValue('chain.nodes', text);
    } catch (error) {
      message = JSON.stringify({ ...(error as object), message: (error as Error).message });
    }
    expect(message).toMatch(/token=(env|file):/);
    expect(message).not.toContain(TOKEN);
  });
});
