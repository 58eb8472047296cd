import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backoffMs, type ChainApi, createLotusClient, followHead, parseEndpoint } from '#chain';
import { type ErrorCode, isBeeproError } from '#core';
import { lotusRecording, recordedSubscription } from '../../support/lotus-recordings.ts';
import { ScriptedNode } from '../../support/scripted-node.ts';

let node: ScriptedNode;
let chain: ChainApi;

beforeEach(async () => {
  node = await ScriptedNode.start();
  chain = createLotusClient({ url: node.url, token: () => 'the token' });
});
afterEach(async () => {
  await chain.close();
  await node[Symbol.asyncDispose]();
});

const withCode = (code: ErrorCode) => expect.toSatisfy((error: unknown) => isBeeproError(error, code));

/** Answers every call with a recorded exchange. */
function replay(name: string): void {
  const { httpStatus, response } = lotusRecording(name);
  node.onRequest = (_request, reply) => {
    reply.writeHead(httpStatus, { 'content-type': 'application/json' });
    reply.end(typeof response === 'string' ? response : JSON.stringify(response));
  };
}

describe('calls', () => {
  it('send method, parameters and token, and give the parsed answer', async () => {
    replay('018');
    const info = await chain.stateMinerInfo('t01000', []);
    expect(info).toMatchObject({ owner: 't0100', newWorker: null, controlAddresses: [], sectorSize: 2048 });
    expect(node.requests).toEqual([
      { method: 'Filecoin.StateMinerInfo', params: ['t01000', []], authorization: 'Bearer the token' },
    ]);
  });

  it('write parameters as Lotus expects them', async () => {
    replay('057');
    const { params } = lotusRecording('057').request;
    const [tag, epoch, entropy, key] = params as [number, number, string, { '/': string }[]];
    await chain.stateGetRandomnessFromBeacon(tag, epoch, Buffer.from(entropy, 'base64'), [
      key[0]?.['/'] ?? '',
    ]);
    expect(node.requests[0]?.params).toEqual(params);
  });

  it('give null for what is not there', async () => {
    replay('043');
    expect(await chain.stateSectorPreCommitInfo('t01000', 2, [])).toBeNull();
  });

  it.each([
    ['048', 'CHAIN_SECTOR_NOT_DUE'],
    ['124', 'CHAIN_AUTH_REFUSED'],
    ['126', 'CHAIN_AUTH_REFUSED'],
    ['127', 'CHAIN_METHOD_UNKNOWN'],
    ['131', 'CHAIN_BAD_PARAMS'],
  ] as const)('recorded failure %s is %s', async (name, code) => {
    replay(name);
    await expect(chain.stateSectorPartition('t01000', 999, [])).rejects.toEqual(withCode(code));
  });

  it.each([
    [200, '<html>hello</html>', 'CHAIN_PROTOCOL'],
    [200, '[]', 'CHAIN_PROTOCOL'],
    [502, 'Bad Gateway', 'CHAIN_PROTOCOL'],
    [200, '{"jsonrpc":"2.0","id":1,"result":{"Cids":[]}}', 'CHAIN_PROTOCOL'],
    [429, 'slow down', 'CHAIN_RATE_LIMITED'],
    [403, '', 'CHAIN_AUTH_REFUSED'],
  ] as const)('HTTP %i with %j is %s', async (status, body, code) => {
    node.onRequest = (_request, reply) => {
      reply.writeHead(status);
      reply.end(body);
    };
    await expect(chain.chainHead()).rejects.toEqual(withCode(code));
  });

  it('an answer that lacks a field says which', async () => {
    node.onRequest = (_request, reply) => void reply.end('{"result":{"Version":"1","BlockDelay":4}}');
    await expect(chain.version()).rejects.toThrow('APIVersion');
  });

  it('a node that never answers is given up after the time-out', async () => {
    node.onRequest = () => undefined;
    await expect(chain.chainHead({ timeoutMs: 50 })).rejects.toEqual(withCode('CHAIN_TIMED_OUT'));
  });

  it('a node that begins an answer and stalls is given up too', async () => {
    node.onRequest = (_request, reply) => void reply.write('{"result":');
    await expect(chain.chainHead({ timeoutMs: 50 })).rejects.toEqual(withCode('CHAIN_TIMED_OUT'));
  });

  it('a caller can stop waiting, and closing stops all', async () => {
    node.onRequest = () => undefined;
    const abort = new AbortController();
    const stopped = chain.chainHead({ signal: abort.signal });
    const closed = chain.chainHead();
    abort.abort();
    await expect(stopped).rejects.toEqual(withCode('CHAIN_CANCELLED'));
    await chain.close();
    await expect(closed).rejects.toEqual(withCode('CHAIN_CANCELLED'));
  });

  it('a node that cuts the connection is unreachable', async () => {
    node.onRequest = (_request, reply) => void reply.destroy();
    await expect(chain.chainHead()).rejects.toEqual(withCode('CHAIN_UNREACHABLE'));
  });

  it('a port where nobody listens is unreachable, with the reason', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    const nobody = createLotusClient({ url: `http://127.0.0.1:${port}` });
    await expect(nobody.chainHead()).rejects.toThrow('ECONNREFUSED');
  });

  it('the token is asked for anew each time, and never appears in errors', async () => {
    replay('126');
    let token = 'first-secret';
    const rotating = createLotusClient({ url: node.url, token: async () => token });
    await expect(rotating.chainHead()).rejects.toEqual(
      expect.toSatisfy((error: Error) => !JSON.stringify([error.message, error]).includes('first-secret')),
    );
    token = 'second-secret';
    await rotating.chainHead().catch(() => undefined);
    expect(node.requests.map(({ authorization }) => authorization)).toEqual([
      'Bearer first-secret',
      'Bearer second-secret',
    ]);
  });
});

describe('the head', () => {
  const frames = recordedSubscription().flatMap(({ dir, frame }) => (dir === 'node->client' ? [frame] : []));
  const [answer, current, apply, apply2] = frames.map((frame) => JSON.stringify(frame));

  it('is followed over a WebSocket as recorded, and the subscription is cancelled at the end', async () => {
    const sent: unknown[] = [];
    const cancelled = Promise.withResolvers<void>();
    node.onSocket = (socket) => {
      socket.on('message', (data) => {
        const frame = JSON.parse(String(data)) as { method: string };
        sent.push(frame);
        if (frame.method === 'xrpc.cancel') cancelled.resolve();
        else for (const text of [answer, current, apply, apply2]) socket.send(text ?? '');
      });
    };
    const heights: unknown[] = [];
    for await (const changes of chain.headChanges()) {
      heights.push(...changes.map(({ type, val }) => [type, val.height]));
      if (heights.length === 3) break;
    }
    expect(heights).toEqual([
      ['current', 1040],
      ['apply', 1041],
      ['apply', 1042],
    ]);
    await cancelled.promise;
    expect(sent).toEqual(
      recordedSubscription().flatMap(({ dir, frame }) =>
        dir === 'client->node' && frame.method !== 'Filecoin.StateNetworkVersion' ? [frame] : [],
      ),
    );
  });

  it('is followed again after a lost connection, each time from a current', async () => {
    node.onSocket = (socket) => {
      socket.on('message', () => {
        socket.send(answer ?? '');
        socket.send(current ?? '');
        if (node.sockets.length < 3) socket.terminate();
        else socket.send(apply ?? '');
      });
    };
    const abort = new AbortController();
    const lost: string[] = [];
    const seen: string[] = [];
    for await (const change of followHead(chain, {
      signal: abort.signal,
      minBackoffMs: 1,
      maxBackoffMs: 2,
      onLost: (error) => lost.push(error.code),
    })) {
      seen.push(change.type);
      if (change.type === 'apply') break;
    }
    expect(seen.at(-1)).toBe('apply');
    expect(seen.slice(0, -1).every((type) => type === 'current')).toBe(true);
    expect(lost).toEqual(['CHAIN_UNREACHABLE', 'CHAIN_UNREACHABLE']);
  });

  it('stops when told to, also while it waits to reconnect', async () => {
    node.onSocket = (socket) => socket.terminate();
    const abort = new AbortController();
    const changes = followHead(chain, {
      signal: abort.signal,
      minBackoffMs: 60_000,
      maxBackoffMs: 60_000,
      onLost: () => abort.abort(),
    });
    expect(await changes.next()).toEqual({ done: true, value: undefined });
  });

  it('a subscription that just ends is a loss like any other', async () => {
    const abort = new AbortController();
    const lost: number[] = [];
    const ends = { node: 'n', async *headChanges() {} };
    const changes = followHead(ends, {
      signal: abort.signal,
      minBackoffMs: 1,
      maxBackoffMs: 1,
      onLost: () => lost.push(1) === 3 && abort.abort(),
    });
    expect((await changes.next()).done).toBe(true);
    expect(lost.length).toBe(3);
  });

  it.each([
    ['no JSON', 'rubbish', 'CHAIN_PROTOCOL'],
    [
      'an error',
      '{"id":1,"error":{"code":1,"message":"missing permission to invoke \'ChainNotify\'"}}',
      'CHAIN_AUTH_REFUSED',
    ],
    ['no tipset', undefined, 'CHAIN_PROTOCOL'],
  ] as const)('a node that sends %s ends the subscription', async (_what, text, code) => {
    node.onSocket = (socket) => {
      socket.on('message', () => {
        if (text === undefined) socket.send(answer ?? '');
        socket.send(text ?? '{"method":"xrpc.ch.val","params":[1,[{"Type":"apply"}]]}');
      });
    };
    const changes = chain.headChanges()[Symbol.asyncIterator]();
    await expect(changes.next()).rejects.toEqual(withCode(code));
  });

  it('a node without WebSockets at that address is told as such', async () => {
    const nobody = createLotusClient({ url: 'ws://127.0.0.1:9' });
    const changes = nobody.headChanges()[Symbol.asyncIterator]();
    await expect(changes.next()).rejects.toEqual(withCode('CHAIN_UNREACHABLE'));
  });

  it('the waits between attempts double up to the longest', () => {
    const waits = [0, 1, 2, 3, 10, 1000].map((failures) => backoffMs(failures, 500, 30_000, 1));
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 30_000, 30_000]);
    expect(backoffMs(0, 500, 30_000, 0)).toBe(250);
  });
});

describe('node addresses', () => {
  it.each([
    ['http://h:1234/rpc/v1', 'http://h:1234/rpc/v1', 'ws://h:1234/rpc/v1'],
    ['https://h', 'https://h/rpc/v1', 'wss://h/rpc/v1'],
    ['ws://h:1/x?k=1', 'http://h:1/x?k=1', 'ws://h:1/x?k=1'],
  ])('%s', (url, http, webSocket) => {
    expect(parseEndpoint(url)).toEqual({
      ...{ http, webSocket, name: new URL(url).host },
      prefersWebSocket: url.startsWith('ws'),
    });
  });

  it.each(['', 'h:1234', '/ip4/127.0.0.1/tcp/1234/http', 'ftp://h', 'http://user:secret@h'])(
    '%j is refused',
    (url) => {
      expect(() => parseEndpoint(url)).toThrow(withCode('CHAIN_URL_MALFORMED'));
      expect(() => parseEndpoint(url)).not.toThrow('secret');
    },
  );
});
