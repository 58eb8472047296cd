import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ChainApi, createConfiguredChain } from '#chain';
import type { ChainNode, SettingName, Settings } from '#config';
import { type ErrorCode, isBeeproError } from '#core';
import { ScriptedNode } from '../../support/scripted-node.ts';

let nodes: [ScriptedNode, ScriptedNode];
let values: { 'chain.nodes': readonly ChainNode[]; 'chain.timeout': number };
let chain: ChainApi;

const name = (node: ScriptedNode) => new URL(node.url).host;
const withCode = (code: ErrorCode) => expect.toSatisfy((error: unknown) => isBeeproError(error, code));

beforeEach(async () => {
  nodes = [await ScriptedNode.start(), await ScriptedNode.start()];
  for (const [i, node] of nodes.entries()) answer(node, `network-${i}`);
  values = {
    'chain.nodes': nodes.map(({ url }) => ({ url, token: undefined })),
    'chain.timeout': 30_000,
  };
  chain = createConfiguredChain({
    get: ((setting: SettingName) => values[setting as keyof typeof values]) as Settings['get'],
  });
});

afterEach(async () => {
  await chain.close();
  for (const node of nodes) await node[Symbol.asyncDispose]();
});

function answer(node: ScriptedNode, result: unknown): void {
  node.onRequest = (_request, reply) => reply.end(JSON.stringify({ jsonrpc: '2.0', id: 1, result }));
}

test('the best node is asked, and the next one only when that fails', async () => {
  expect(await chain.stateNetworkName()).toBe('network-0');
  expect(nodes[1].requests).toEqual([]);
  nodes[0].onRequest = (_request, reply) => reply.writeHead(502).end('bad gateway');
  expect(await chain.stateNetworkName()).toBe('network-1');
  expect(chain.node).toBe(name(nodes[1]));
});

test('calls stay with the node that answers, since two nodes rarely have the same head', async () => {
  nodes[0].onRequest = (_request, reply) => reply.writeHead(429).end();
  await chain.stateNetworkName();
  answer(nodes[0], 'network-0');
  expect(await chain.stateNetworkName()).toBe('network-1');
});

test('what the node says of the question is the answer: no other node is asked', async () => {
  const error = { code: 1, message: 'actor not found' };
  nodes[0].onRequest = (_request, reply) => reply.end(JSON.stringify({ jsonrpc: '2.0', id: 1, error }));
  await expect(chain.stateMinerInfo('t01000', [])).rejects.toEqual(withCode('CHAIN_ACTOR_NOT_FOUND'));
  expect(nodes[1].requests).toEqual([]);
});

test('chain.timeout is how long a node may take before the next one is asked', async () => {
  nodes[0].onRequest = () => undefined;
  values['chain.timeout'] = 100;
  expect(await chain.stateNetworkName()).toBe('network-1');
});

test('a change of chain.nodes counts from the next call on', async () => {
  await chain.stateNetworkName();
  values['chain.nodes'] = [{ url: nodes[1].url, token: 'env:BEEPRO_TEST_TOKEN' }];
  process.env.BEEPRO_TEST_TOKEN = 'secret';
  try {
    expect(await chain.stateNetworkName()).toBe('network-1');
    expect(nodes[1].requests).toMatchObject([{ authorization: 'Bearer secret' }]);
  } finally {
    delete process.env.BEEPRO_TEST_TOKEN;
  }
  values['chain.nodes'] = [];
  await expect(chain.stateNetworkName()).rejects.toEqual(withCode('CHAIN_NODES_MISSING'));
});

test('the subscription of a node that is gone from the setting ends', async () => {
  const ended = (async () => {
    for await (const _changes of chain.headChanges()) break;
  })();
  ended.catch(() => undefined);
  await expect.poll(() => nodes[0].sockets.length).toBe(1);
  values['chain.nodes'] = [{ url: nodes[1].url, token: undefined }];
  await chain.stateNetworkName();
  await expect(ended).rejects.toEqual(withCode('CHAIN_CANCELLED'));
});
