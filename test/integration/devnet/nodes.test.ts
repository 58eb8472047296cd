import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChainApi } from '#chain';
import { signedMessageCid } from '#codec';
import { isBeeproError } from '#core';
import { createTestFolder, waitFor } from '#testing';
import { nth, startTestNodes, type TestNodes } from './test-nodes.ts';

let three: TestNodes;
let a: ChainApi;
let b: ChainApi;
let c: ChainApi;

async function start(...options: Parameters<typeof startTestNodes>): Promise<void> {
  three = await startTestNodes(...options);
  [a, b, c] = three.clients as [ChainApi, ChainApi, ChainApi];
}
beforeEach(() => start());
afterEach(() => three[Symbol.asyncDispose]());

const mine = (blocks = 1) => three.test.devnet.control.mine(blocks);
const heights = async () =>
  (await Promise.all([a, b, c].map((each) => each.chainHead()))).map((each) => each.height);

describe('several nodes over one chain', () => {
  it('have addresses, tokens and files of their own', async () => {
    const { folder } = three.test;
    const texts = (name: string) =>
      ['', '-1', '-2'].map((end) => readFileSync(join(folder, `${name}${end}`), 'utf8'));
    expect(texts('api')).toEqual(three.nodes.map((node) => node.url));
    expect(new Set(texts('token')).size).toBe(3);
    const stranger = await fetch(nth(three.nodes, 1).url, {
      method: 'POST',
      headers: { authorization: `Bearer ${nth(three.nodes, 0).token}` },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'Filecoin.ChainHead', params: [] }),
    });
    expect(stranger.status).toBe(401);
    expect(await c.stateNetworkName()).toBe(await a.stateNetworkName());
    expect(new Set([await a.iD(), await b.iD(), await c.iD()]).size).toBe(3);
  });

  it('share a wallet, unless they are told not to', async () => {
    expect(await b.walletList()).toEqual(await a.walletList());
    await three[Symbol.asyncDispose]();
    await start({ ownWallets: true });
    expect(await a.walletHas(three.test.worker)).toBe(true);
    expect(await b.walletList()).toEqual([]);
    const own = await b.walletNew('bls');
    expect([await a.walletHas(own), await b.walletHas(own)]).toEqual([false, true]);
  });

  it('tell each other of messages, and the producer', async () => {
    const cid = await b.mpoolPush(three.sign());
    expect(await three.pending()).toEqual([[0], [0], [0]]);
    expect(await c.chainGetMessage(cid)).toEqual(three.sign().message);
    expect(await c.mpoolGetNonce(three.sender)).toBe(1);
    await mine(2);
    expect(await three.pending()).toEqual([[], [], []]);
    expect((await a.stateSearchMsg([], cid, -1, true))?.message).toBe(cid);
  });

  it('do so after a while', async () => {
    await three[Symbol.asyncDispose]();
    await start({ gossipDelayMs: 200 });
    await b.mpoolPush(three.sign());
    expect(await three.pending()).toEqual([[], [0], []]);
    await waitFor(async () => JSON.stringify(await three.pending()) === '[[0],[0],[0]]', {
      deadlineMs: 5_000,
      what: 'gossip',
    });
  });

  it('keep a message whose cap is far below the base fee to themselves, until the base fee has fallen', async () => {
    three.test.devnet.control.setBaseFee(100n * 100_000n + 100n);
    await mine();
    const cid = await a.mpoolPush(three.sign());
    expect(await three.pending()).toEqual([[0], [], []]);
    expect(await b.chainGetMessage(cid).catch((error: unknown) => error)).toSatisfy((error) =>
      isBeeproError(error, 'CHAIN_STATE_UNAVAILABLE'),
    );
    three.test.devnet.control.setBaseFee(1_000_000n);
    // Republished with the next tenth head, though its cap is still below the base fee.
    await mine(11);
    expect(await three.pending()).toEqual([[0], [0], [0]]);
    three.test.devnet.control.setBaseFee(100n);
    await mine(2);
    expect(await three.pending()).toEqual([[], [], []]);
  });

  it('take back what was pushed to each, after a restart', async () => {
    await using folder = await createTestFolder();
    await three[Symbol.asyncDispose]();
    await start({ stateDir: folder.path });
    await c.mpoolPush(three.sign());
    const kept = three.sender;
    await three[Symbol.asyncDispose]();
    const { test } = three;
    await start({ stateDir: folder.path, genesis: test.devnet.identity.genesis }, 0);
    expect(await three.pending()).toEqual([[0], [0], [0]]);
    expect((await a.mpoolPending([]))[0]?.message.from).toBe(kept);
  });
});

describe('a node apart from gossip', () => {
  it('keeps what is pushed to it, and hears of nothing', async () => {
    await nth(three.nodes, 1).fault({ partitioned: true });
    await b.mpoolPush(three.sign());
    expect(await three.pending()).toEqual([[], [0], []]);
    const other = await a.mpoolPush(three.sign({ value: 2n }));
    expect(await three.pending()).toEqual([[0], [0], [0]]);
    expect(await b.chainGetMessage(other).catch((error: unknown) => error)).toSatisfy(isBeeproError);
    await mine(2);
    // Of two messages of one nonce the one that was published has landed, as all see.
    expect(await three.pending()).toEqual([[], [], []]);
    expect((await b.stateSearchMsg([], other, -1, true))?.message).toBe(other);
  });

  it('is heard of once it is back', async () => {
    await nth(three.nodes, 1).fault({ partitioned: true });
    await b.mpoolPush(three.sign());
    await mine(10);
    expect(await three.pending()).toEqual([[], [0], []]);
    await nth(three.nodes, 1).heal();
    await mine(12);
    expect(await three.pending()).toEqual([[], [], []]);
  });
});

describe('a node that lags', () => {
  it('stands until it is so far back, follows, and catches up', async () => {
    await nth(three.nodes, 2).fault({ lag: 3 });
    expect(await heights()).toEqual([2, 2, 2]);
    await mine(2);
    expect(await heights()).toEqual([4, 4, 2]);
    await mine(3);
    expect(await heights()).toEqual([7, 7, 4]);
    await nth(three.nodes, 2).heal();
    expect(await heights()).toEqual([7, 7, 7]);
  });

  it('knows neither the tipsets nor the messages that others have', async () => {
    await nth(three.nodes, 2).fault({ lag: 5, partitioned: true });
    const cid = await a.mpoolPush(three.sign());
    await mine(3);
    const head = await a.chainHead();
    for (const asked of [
      c.chainGetTipSet(head.cids),
      c.stateSearchMsg([], cid, -1, true),
      c.chainGetMessage(cid),
    ])
      expect(await asked.catch((error: unknown) => error)).toSatisfy(isBeeproError);
    expect(await c.chainHasObj(nth(head.cids, 0))).toBe(false);
    expect((await a.stateSearchMsg([], cid, -1, true))?.message).toBe(cid);
    await mine(5);
    expect((await c.stateSearchMsg([], cid, -1, true))?.message).toBe(cid);
  });

  it('sees the fork that others have left, until it comes to the new one', async () => {
    await nth(three.nodes, 2).fault({ lag: 2 });
    await mine(4);
    const left = await a.chainHead();
    await three.test.devnet.control.reorg(3);
    const joined = await a.chainHead();
    expect(joined.height).toBe(left.height + 1);
    await mine();
    expect((await c.chainHead()).cids).toEqual(left.cids);
    await mine();
    expect((await c.chainHead()).cids).toEqual(joined.cids);
    const path = await c.chainGetPath(left.cids, joined.cids);
    expect(path.map(({ type, val }) => [type, val.height])).toEqual([
      ['revert', 6],
      ['revert', 5],
      ['revert', 4],
      ['apply', 4],
      ['apply', 5],
      ['apply', 6],
      ['apply', 7],
    ]);
  });

  it('still has what landed elsewhere in its mempool, and an old nonce', async () => {
    await b.mpoolPush(three.sign());
    await nth(three.nodes, 2).fault({ lag: 4 });
    await mine(2);
    expect(await three.pending()).toEqual([[], [], [0]]);
    expect((await c.stateGetActor(three.sender, [])).nonce).toBe(0);
    // Its own mempool has the nonce; what comes next is known to it all the same.
    const cid = await a.mpoolPush(three.sign({ nonce: 1 }));
    expect(cid).toBe(signedMessageCid(three.sign({ nonce: 1 })));
    expect(await c.mpoolGetNonce(three.sender)).toBe(2);
  });
});
