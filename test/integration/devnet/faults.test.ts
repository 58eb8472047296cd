import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { ChainApi } from '#chain';
import { signedMessageCid } from '#codec';
import { isBeeproError } from '#core';
import { waitFor } from '#testing';
import { nth, startTestNodes, type TestNodes } from './test-nodes.ts';

let three: TestNodes;
let a: ChainApi;
let b: ChainApi;
beforeEach(async () => {
  three = await startTestNodes();
  [a, b] = three.clients as [ChainApi, ChainApi];
});
afterEach(() => three[Symbol.asyncDispose]());

const second = () => nth(three.nodes, 1);
const codeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'answered',
    (error: unknown) => (isBeeproError(error) ? error.code : String(error)),
  );
const control = async (method: string, params: unknown, node = nth(three.nodes, 0)) => {
  const response = await fetch(node.url, {
    method: 'POST',
    headers: { authorization: `Bearer ${node.token}` },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: `Devnet.${method}`, params: [params] }),
  });
  return (await response.json()) as { result?: unknown; error?: { code: number; message: string } };
};

describe('a node', () => {
  it('that stands still takes a call and never answers', async () => {
    await second().fault({ stall: true });
    expect(await codeOf(b.chainHead({ timeoutMs: 300 }))).toBe('CHAIN_TIMED_OUT');
    expect(await codeOf(a.chainHead())).toBe('answered');
    // The hand that stopped it can still reach it.
    expect(await control('Heal', { node: 1 }, second())).toMatchObject({ result: expect.anything() });
    expect(await codeOf(b.chainHead())).toBe('answered');
  });

  it('that is slow answers late', async () => {
    await second().fault({ slowMs: 400 });
    expect(await codeOf(b.chainHead({ timeoutMs: 100 }))).toBe('CHAIN_TIMED_OUT');
    expect(await codeOf(b.chainHead())).toBe('answered');
  });

  it('that is down refuses connections, and is where it was when it is back', async () => {
    const { url } = second();
    await second().fault({ down: true });
    expect(await codeOf(b.chainHead())).toBe('CHAIN_UNREACHABLE');
    await three.test.devnet.control.mine(3);
    await second().heal();
    expect(second().url).toBe(url);
    expect((await b.chainHead()).height).toBe(5);
  });

  it.each([{ down: true }, { dieAfter: '*' }])(
    'comes back by itself from %j when it was told for how long',
    async (fault) => {
      await second().fault(fault, 400);
      expect(await codeOf(b.chainHead())).toBe('CHAIN_UNREACHABLE');
      await waitFor(async () => (await codeOf(b.chainHead())) === 'answered', {
        deadlineMs: 5_000,
        what: 'the node',
      });
    },
  );

  it('that dies with the answer has done what it was asked', async () => {
    await second().fault({ dieAfter: 'MpoolPush' });
    expect(await codeOf(b.chainHead())).toBe('answered');
    expect(await codeOf(b.mpoolPush(three.sign()))).toBe('CHAIN_UNREACHABLE');
    expect(await codeOf(b.chainHead())).toBe('CHAIN_UNREACHABLE');
    expect((await a.mpoolPending([])).map(signedMessageCid)).toEqual([signedMessageCid(three.sign())]);
    await second().heal();
    // The same bytes again, to whomever, do no harm.
    expect(await codeOf(b.mpoolPush(three.sign()))).toBe('CHAIN_NONCE_TAKEN');
    await three.test.devnet.control.mine(2);
    expect((await b.stateGetActor(three.sender, [])).nonce).toBe(1);
  });

  it('that errs fails the share of its calls', async () => {
    await second().fault({ errorShare: 0.5 });
    const codes = await Promise.all(Array.from({ length: 60 }, () => codeOf(b.chainHead())));
    expect(new Set(codes)).toEqual(new Set(['answered', 'CHAIN_PROTOCOL']));
    await second().fault({ errorShare: 1 });
    expect(await codeOf(b.chainHead())).toBe('CHAIN_PROTOCOL');
  });

  it('that limits its callers tells them so', async () => {
    await second().fault({ callsPerSecond: 2 });
    const codes = await Promise.all(Array.from({ length: 6 }, () => codeOf(b.chainHead())));
    expect(codes.filter((code) => code === 'answered')).toHaveLength(2);
    expect(codes.filter((code) => code === 'CHAIN_RATE_LIMITED')).toHaveLength(4);
  });

  it('that lies tells of another network, genesis, version or head', async () => {
    const truth = [await b.chainGetGenesis(), await b.chainHead()] as const;
    await second().fault({
      lie: { networkName: 'mainnet', otherGenesis: true, networkVersion: 27, headAhead: 50 },
    });
    expect(await b.stateNetworkName()).toBe('mainnet');
    expect((await b.stateGetNetworkParams()).networkName).toBe('mainnet');
    expect(await b.stateNetworkVersion([])).toBe(27);
    expect((await b.chainGetGenesis()).cids).not.toEqual(truth[0].cids);
    const head = await b.chainHead();
    expect(head.height).toBe(truth[1].height + 50);
    expect(await codeOf(a.chainGetTipSet(head.cids))).toBe('CHAIN_STATE_UNAVAILABLE');
    await second().heal();
    expect([await b.chainGetGenesis(), await b.chainHead()]).toEqual(truth);
  });

  it.each([
    ['stands still', { stall: true }, 'a silent head'],
    ['goes down', { down: true }, 'an ended connection'],
  ] as const)('that %s does so to those who follow its head', async (_what, fault, outcome) => {
    const { control: chain } = three.test.devnet;
    const seen: number[] = [];
    const ended = (async () => {
      for await (const changes of b.headChanges()) seen.push(...changes.map(({ val }) => val.height));
    })().catch(() => 'ended');
    await waitFor(async () => seen.length === 1, { deadlineMs: 5_000, what: 'the first head' });
    await second().fault(fault);
    await chain.mine();
    if (outcome === 'an ended connection') expect(await ended).toBe('ended');
    expect(seen).toEqual([2]);
    if (outcome === 'an ended connection') return;
    await second().heal();
    await chain.mine();
    await waitFor(async () => seen.includes(4), { deadlineMs: 5_000, what: 'the next head' });
    await b.close();
    await ended;
  });
});

describe('calls over one WebSocket', () => {
  it('are answered each by its id, in whatever order they are done', async () => {
    const { url, token } = nth(three.nodes, 0);
    const socket = new WebSocket(url.replace('http', 'ws'), {
      headers: { authorization: `Bearer ${token}` },
    });
    await new Promise((resolve) => socket.once('open', resolve));
    const answers = new Map<unknown, { result?: unknown; error?: { code: number } }>();
    socket.on('message', (data) => {
      const answer = JSON.parse(String(data)) as { id?: unknown; result?: unknown };
      if (answer.id !== undefined) answers.set(answer.id, answer);
    });
    const cid = await a.mpoolPush(three.sign());
    const send = (id: number, method: string, params: unknown[] = []) =>
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, method: `Filecoin.${method}`, params }));
    send(1, 'StateWaitMsg', [{ '/': cid }, 0, -1, true]);
    send(2, 'ChainHead');
    send(3, 'NoSuchMethod');
    send(4, 'ChainNotify');
    await waitFor(async () => answers.size === 3, { deadlineMs: 5_000, what: 'three answers' });
    expect(answers.get(2)).toMatchObject({ result: { Height: 2 } });
    expect(answers.get(3)).toMatchObject({ error: { code: -32601 } });
    expect(answers.has(1)).toBe(false);
    await three.test.devnet.control.mine(2);
    await waitFor(async () => answers.has(1), { deadlineMs: 5_000, what: 'the message' });
    expect(answers.get(1)).toMatchObject({ result: { Message: { '/': cid } } });
    socket.terminate();
  });

  it('meet the faults of the node too', async () => {
    await second().fault({ callsPerSecond: 0 });
    const { url, token } = second();
    const socket = new WebSocket(url.replace('http', 'ws'), {
      headers: { authorization: `Bearer ${token}` },
    });
    await new Promise((resolve) => socket.once('open', resolve));
    const answered = new Promise<string>((resolve) =>
      socket.once('message', (data) => resolve(String(data))),
    );
    socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'Filecoin.ChainHead', params: [] }));
    expect(JSON.parse(await answered)).toMatchObject({ id: 1, error: { code: 429 } });
    await second().fault({ callsPerSecond: null, errorShare: 1 });
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.send(JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'Filecoin.ChainHead', params: [] }));
    await closed;
  });
});

describe('over the API', () => {
  it('nodes are listed, broken and healed, through any of them', async () => {
    const broken = await control('Fault', { node: 1, fault: { down: true } });
    expect(broken.result).toMatchObject({ node: 1, url: second().url, faults: { down: true } });
    expect((await control('Nodes', {})).result).toMatchObject([
      { node: 0, height: 2, pending: 0, faults: { down: false } },
      { node: 1, faults: { down: true } },
      { node: 2 },
    ]);
    await control('Heal', {}, nth(three.nodes, 2));
    expect(second().faults.down).toBe(false);
  });

  it('what is no fault, and no node, is refused', async () => {
    for (const params of [{ node: 3, fault: {} }, { node: 0, fault: { dieAfter: 'Nothing' } }, { fault: {} }])
      expect((await control('Fault', params)).error?.code).toBe(-32602);
  });

  it('the last node goes down for a time only', async () => {
    await control('Fault', { node: 1, fault: { down: true } });
    await control('Fault', { node: 2, fault: { down: true } });
    const answer = await control('Fault', { node: 0, fault: { down: true } });
    expect(answer.error?.message).toBe('the last node that can be reached goes down with forMs only');
  });
});
