import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isBeeproError } from '#core';
import { startDevnet } from '#devnet';
import { createTestFolder } from '#testing';
import { DigestVerifier } from './digest-verifier.ts';
import { startTestDevnet, type TestDevnet } from './test-devnet.ts';

let test: TestDevnet;
beforeAll(async () => {
  test = await startTestDevnet();
});
afterAll(() => test[Symbol.asyncDispose]());

async function post(body: string, path = ''): Promise<{ status: number; text: string }> {
  const response = await fetch(`${test.devnet.url}${path}`, { method: 'POST', body });
  return { status: response.status, text: await response.text() };
}

const call = (id: number, method: string, params: unknown = []) => ({ jsonrpc: '2.0', id, method, params });

describe('the API over HTTP', () => {
  it('answers a batch in its order', async () => {
    const batch = [call(1, 'Filecoin.StateNetworkName'), call(2, 'Filecoin.NoSuchMethod'), 7];
    const { status, text } = await post(JSON.stringify(batch));
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject([
      { id: 1, result: 'beepro-devnet-test' },
      { id: 2, error: { code: -32601 } },
      { id: null, error: { code: -32700 } },
    ]);
  });

  it.each([
    ['what is no JSON', '{', 500],
    ['what is no request', '[1', 500],
    ['a number', '1', 500],
    ['parameters by name', JSON.stringify(call(1, 'Filecoin.ChainHead', {})), 500],
    ['more than it takes', ' '.repeat(9 * 1024 * 1024), 413],
  ])('refuses %s', async (_what, body, status) => {
    expect((await post(body)).status).toBe(status);
  });

  it('has one path and one verb', async () => {
    expect((await post('{}', '/other')).status).toBe(404);
    expect((await fetch(test.devnet.url)).status).toBe(405);
  });

  it('gives up a waiting call when its caller has gone', async () => {
    const unknown = 'bafy2bzaceantwbpz4h56x5brkceld6znceuk4dfc7qpnuy7x52vqntsbjxc4w';
    const answer = await test.rpc('Filecoin.StateWaitMsg', [{ '/': unknown }, 901, -1, true]);
    expect(answer.body?.error?.message).toBe('confidence too high: 901 > 900');
    const abort = new AbortController();
    const cid = await test.send(
      { number: 0, name: 'Send', actor: 'account', params: NOTHING, returns: NOTHING },
      undefined,
      {
        to: test.worker,
      },
    );
    const waiting = fetch(test.devnet.url, {
      method: 'POST',
      body: JSON.stringify(call(1, 'Filecoin.StateWaitMsg', [{ '/': cid }, 5, -1, true])),
      signal: abort.signal,
    });
    abort.abort();
    await expect(waiting).rejects.toThrow();
  });
});

const NOTHING = { toCbor: () => null, fromCbor: () => undefined };

describe('a devnet', () => {
  it('leaves its address and token where only its owner can read them', async () => {
    for (const file of ['api', 'token', 'jwt-secret', 'keystore.json', 'chain.json'])
      expect((await stat(join(test.folder, file))).mode & 0o777).toBe(0o600);
  });

  it('has its folder for itself', async () => {
    const again = startDevnet({ stateDir: test.folder, verifier: new DigestVerifier() });
    await expect(again).rejects.toSatisfy((error) => isBeeproError(error, 'DEVNET_IN_USE'));
  });

  it('says when its port is taken, and lets go of its folder', async () => {
    await using folder = await createTestFolder();
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const listen = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
    const options = { stateDir: folder.path, verifier: new DigestVerifier(), paused: true };
    await expect(startDevnet({ ...options, listen })).rejects.toSatisfy((error) =>
      isBeeproError(error, 'DEVNET_LISTEN_FAILED'),
    );
    server.close();
    await (await startDevnet(options)).stop();
  });
});
