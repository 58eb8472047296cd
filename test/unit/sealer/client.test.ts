import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SealerClient } from '#sealer';
import { createTestFolder, type TestFolder } from '#testing';

/**
 * A server that says what the test tells it: what a sealer must never say cannot be had from the real one. What it
 * does say is tested against the real one in test/integration.
 */
let folder: TestFolder;
let server: Server;
let path: string;
let say: (socket: Socket, line: string) => void;

const HELLO = {
  event: 'hello',
  protocol: 1,
  program: 'beepro-sealer',
  version: '0',
  pid: 1,
  start_time: 1,
  boot_id: 'b',
  instance: 'i',
};

async function listen(greeting: string, onLine: (socket: Socket, line: string) => void = () => undefined) {
  say = onLine;
  server = createServer((socket) => {
    socket.write(greeting);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      for (const line of chunk.toString().split('\n').filter(Boolean)) say(socket, line);
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
}

beforeEach(async () => {
  folder = await createTestFolder();
  path = join(folder.path, 'socket');
});
afterEach(async () => {
  server?.close();
  await folder.remove();
});

const line = (value: unknown) => `${JSON.stringify(value)}\n`;

describe('connecting', () => {
  test.each([
    ['another protocol', line({ ...HELLO, protocol: 2 }), 'SEALER_PROTOCOL'],
    ['rubbish', 'SSH-2.0-OpenSSH\n', 'SEALER_GARBAGE'],
    ['no greeting', '', 'SEALER_UNREACHABLE'],
  ])('%s is refused', async (_what, greeting, code) => {
    await listen(greeting);
    await expect(SealerClient.connect(path, 200)).rejects.toMatchObject({ code });
  });

  test('no socket is unreachable', async () => {
    await expect(SealerClient.connect(`${path}-none`)).rejects.toMatchObject({ code: 'SEALER_UNREACHABLE' });
  });
});

describe('a request', () => {
  test.each([
    ['rubbish in place of an answer', 'Segmentation fault\n', 'SEALER_GARBAGE'],
    [
      'an answer of the wrong shape',
      line({ id: 'r1', event: 'result', result: { comm_r: 5 } }),
      'SEALER_GARBAGE',
    ],
    ['an event nobody knows', line({ id: 'r1', event: 'finished' }), 'SEALER_GARBAGE'],
    [
      'a typed error',
      line({ id: 'r1', event: 'error', error: { code: 'no_space', message: 'full' } }),
      'SEALER_NO_SPACE',
    ],
    [
      'an error of a newer sealer',
      line({ id: 'r1', event: 'error', error: { code: 'bit_rot', message: 'oh' } }),
      'SEALER_LIBRARY',
    ],
  ])('%s ends it with its code', async (_what, answer, code) => {
    await listen(line(HELLO), (socket) => socket.write(answer));
    const client = await SealerClient.connect(path);
    const request = client.request('check', {} as never, { id: 'r1' });
    await expect(request).rejects.toMatchObject({ code });
    client.close();
  });

  test('rubbish spoils the connection for good', async () => {
    await listen(line(HELLO), (socket) => socket.write('?\n'));
    const client = await SealerClient.connect(path);
    await expect(client.request('version', {})).rejects.toMatchObject({ code: 'SEALER_GARBAGE' });
    expect(client.usable).toBe(false);
    await expect(client.request('version', {})).rejects.toMatchObject({ code: 'SEALER_GARBAGE' });
  });

  test('a dead sealer ends all that is in flight', async () => {
    await listen(line(HELLO), (socket) => socket.destroy());
    const client = await SealerClient.connect(path);
    const both = [client.request('version', {}), client.request('version', {})];
    for (const one of both) await expect(one).rejects.toMatchObject({ code: 'SEALER_DIED' });
  });

  test('silence is asked after, and no answer to that is a hang', async () => {
    await listen(line(HELLO));
    const client = await SealerClient.connect(path);
    const request = client.request('check', {} as never, { id: 'r1', quietMs: 50, pingMs: 50 });
    await expect(request).rejects.toMatchObject({ code: 'SEALER_HUNG' });
    client.close();
  });

  test('a quiet sealer that answers the question is waited for', async () => {
    let asked = 0;
    await listen(line(HELLO), (socket, text) => {
      const { id, op } = JSON.parse(text);
      if (op !== 'version') return;
      asked += 1;
      const result = { protocol: 1, version: '0', proofs_version: '19.1.0' };
      socket.write(line({ id, event: 'result', result }));
      if (asked === 2) {
        socket.write(line({ id: 'r1', event: 'result', result: { seeds: 8, challenges: 16 } }));
      }
    });
    const client = await SealerClient.connect(path);
    const answer = await client.request('check', {} as never, { id: 'r1', quietMs: 50, pingMs: 5_000 });
    expect(answer.result).toEqual({ seeds: 8, challenges: 16 });
    expect(asked).toBeGreaterThanOrEqual(2);
    client.close();
  });

  test('lines may come in any pieces, and several at once', async () => {
    await listen(line(HELLO), (socket) => {
      const progress = line({
        id: 'r1',
        event: 'progress',
        phase: 'check',
        step: 'ä',
        elapsed_ms: 1,
        fraction: 0.5,
      });
      const bytes = Buffer.from(
        progress + progress + line({ id: 'r1', event: 'result', result: { seeds: 1, challenges: 2 } }),
      );
      for (const byte of bytes) socket.write(Buffer.from([byte]));
    });
    const client = await SealerClient.connect(path);
    const steps: string[] = [];
    await client.request('check', {} as never, {
      id: 'r1',
      onProgress: (progress) => steps.push(progress.step),
    });
    expect(steps).toEqual(['ä', 'ä']);
    client.close();
  });
});
