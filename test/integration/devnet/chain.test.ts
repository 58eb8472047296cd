import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { decodeBlockHeader, MINER_METHODS } from '#codec';
import { isBeeproError } from '#core';
import { startDevnet } from '#devnet';
import { createTestFolder, waitFor } from '#testing';
import { recording } from '../../unit/devnet/recording.ts';
import { DigestVerifier } from './digest-verifier.ts';
import { preCommitInfo, proofOf, proveCommitParams } from './sealing.ts';
import { shapeDifferences } from './shape.ts';
import { MINER, startTestDevnet, type TestDevnet } from './test-devnet.ts';

const { PreCommitSectorBatch2, ProveCommitSectors3 } = MINER_METHODS;

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

async function start(options: Parameters<typeof startTestDevnet>[0] = {}): Promise<TestDevnet> {
  const test = await startTestDevnet(options);
  open.push(test);
  return test;
}

describe('a chain of one seed', () => {
  it('is the same chain every time', async () => {
    const headOf = async (test: TestDevnet) => {
      await test.devnet.control.mine(30);
      return (await test.lotus.chainHead()).cids;
    };
    const [a, b] = [await start({ nullRounds: 0.2 }), await start({ nullRounds: 0.2 })];
    expect(await headOf(a)).toEqual(await headOf(b));
  });

  it('has null rounds, whose randomness is that of the tipset after', async () => {
    const { devnet, lotus } = await start();
    await devnet.control.mine(2);
    expect(await devnet.control.mineAfterNullRounds(3)).toBe(6);
    const [before, after] = [
      await lotus.chainGetTipSetByHeight(4, []),
      await lotus.chainGetTipSetAfterHeight(4, []),
    ];
    expect([before.height, after.height]).toEqual([2, 6]);
    expect(after.blocks[0]?.beaconEntries.map(({ round }) => round)).toEqual([3, 4, 5, 6]);
    const draw = (epoch: number) => lotus.stateGetRandomnessDigestFromTickets(epoch, []);
    expect(await draw(4)).toEqual(await draw(6));
    expect(await draw(4)).not.toEqual(await draw(2));
  });

  it('can draw tickets and seeds that depend on the sector’s miner alone', async () => {
    const { devnet, lotus } = await start({ constantRandomness: true });
    await devnet.control.mine(5);
    const draw = (epoch: number, entropy: string) =>
      lotus.stateGetRandomnessFromTickets(5, epoch, Buffer.from(entropy), []);
    expect(await draw(1, 'a')).toEqual(await draw(4, 'a'));
    expect(await draw(1, 'a')).not.toEqual(await draw(1, 'b'));
    await expect(draw(6, 'a')).rejects.toSatisfy((error) => isBeeproError(error, 'CHAIN_FUTURE_RANDOMNESS'));
  });

  it('commits in each header to what its parent’s messages gave', async () => {
    const { devnet, lotus, send, worker } = await start();
    await devnet.control.mine();
    await send(
      PreCommitSectorBatch2,
      { sectors: [] },
      { to: worker, method: 0, params: new Uint8Array(), value: 1n },
    );
    await devnet.control.mine(2);
    const { cids, blocks } = await lotus.chainHead();
    const bytes = await lotus.chainReadObj(cids[0] ?? '');
    expect(decodeBlockHeader(bytes, 't')).toEqual(blocks[0]);
    const parents = await lotus.chainGetParentMessages(cids[0] ?? '');
    expect(parents).toHaveLength(1);
    expect(await lotus.chainGetParentReceipts(cids[0] ?? '')).toMatchObject([{ exitCode: 0 }]);
    const including = await lotus.chainGetBlockMessages(blocks[0]?.parents[0] ?? '');
    expect(including.blsMessages).toHaveLength(1);
  });
});

describe('a restart', () => {
  it('goes on where it was: chain, state, mempool, keys, tokens', async () => {
    const folder = await createTestFolder();
    open.push(folder);
    const first = await startTestDevnet({ stateDir: folder.path });
    await first.devnet.control.mine(3);
    await first.execute(PreCommitSectorBatch2, { sectors: [await preCommitInfo(first, 1)] });
    const created = await first.lotus.walletNew('secp256k1');
    const pending = await first.send(PreCommitSectorBatch2, { sectors: [await preCommitInfo(first, 2)] });
    first.devnet.control.holdMessage(pending);
    await first.devnet.control.mine(5);
    const before = await first.lotus.chainHead();
    const token = first.devnet.token;
    await first[Symbol.asyncDispose]();

    const second = await start({ stateDir: folder.path });
    expect(await second.lotus.chainHead()).toEqual(before);
    expect(await second.lotus.stateSectorPreCommitInfo(MINER, 1, [])).not.toBeNull();
    expect(await second.lotus.walletHas(created)).toBe(true);
    expect((await second.rpc('Filecoin.WalletList', [], token)).status).toBe(200);
    await second.devnet.control.mine(2);
    expect(await second.lotus.stateSearchMsg([], pending, -1, true)).toMatchObject({
      receipt: { exitCode: 0 },
    });
  });

  it('needs no snapshot: the messages are executed again to the same roots', async () => {
    const folder = await createTestFolder();
    open.push(folder);
    const first = await startTestDevnet({ stateDir: folder.path, nullRounds: 0.2 });
    await first.devnet.control.mine(2);
    await first.execute(PreCommitSectorBatch2, { sectors: [await preCommitInfo(first, 1)] });
    await first.devnet.control.mine(14);
    const sector = { number: 1, proof: await proofOf(first, 1) };
    await first.execute(ProveCommitSectors3, proveCommitParams([sector]));
    const { height } = await first.lotus.chainHead();
    await first[Symbol.asyncDispose]();
    const { rm, readdir } = await import('node:fs/promises');
    for (const name of await readdir(folder.path))
      if (name.startsWith('snapshot')) await rm(`${folder.path}/${name}`);

    // The proof's verdict is on disk too: a verifier that knows nothing is not asked.
    const unable = {
      verifySeal: () => Promise.reject(new Error('asked')),
      verifyAggregate: () => Promise.reject(new Error('asked')),
      verifyWindowPoSt: () => Promise.reject(new Error('asked')),
      close: async () => {},
    };
    const second = await start({ stateDir: folder.path, verifier: unable });
    expect(await second.lotus.stateSectorGetInfo(MINER, 1, [])).not.toBeNull();
    expect(second.devnet.control.height).toBe(height);
  });

  it('survives a torn last line, and refuses another chain’s options', async () => {
    const folder = await createTestFolder();
    open.push(folder);
    const first = await startTestDevnet({ stateDir: folder.path });
    await first.devnet.control.mine(4);
    await first[Symbol.asyncDispose]();
    const { appendFile } = await import('node:fs/promises');
    await appendFile(`${folder.path}/chain.jsonl`, '{"block":"kEMA6');
    const second = await start({ stateDir: folder.path });
    expect(await second.devnet.control.mine()).toBe(5);
    const other = { stateDir: folder.path, verifier: new DigestVerifier(), paused: true };
    await second[Symbol.asyncDispose]();
    open.pop();
    await expect(startDevnet({ ...other, seed: 'other' })).rejects.toSatisfy((error) =>
      isBeeproError(error, 'DEVNET_GENESIS_DIFFERS'),
    );
    const { writeFile } = await import('node:fs/promises');
    await writeFile(`${folder.path}/keystore.json`, '[');
    await expect(startDevnet(other)).rejects.toSatisfy((error) => isBeeproError(error, 'DEVNET_DAMAGED'));
    await expect(startDevnet({ stateDir: folder.path })).rejects.toSatisfy((error) =>
      isBeeproError(error, 'DEVNET_NO_SEALER'),
    );
  });
});

describe('a reorg', () => {
  it('moves the pre-commit’s epoch, and with it the seed', async () => {
    const test = await start();
    const { devnet, lotus } = test;
    await devnet.control.mine(3);
    const found = await test.execute(PreCommitSectorBatch2, { sectors: [await preCommitInfo(test, 1)] });
    await devnet.control.mine(2);
    const was = await lotus.stateSectorPreCommitInfo(MINER, 1, []);
    await devnet.control.reorg(4, { delay: 2 });
    await devnet.control.mine(12);
    const moved = await lotus.stateSectorPreCommitInfo(MINER, 1, []);
    expect(moved?.preCommitEpoch).toBe((was?.preCommitEpoch ?? 0) + 2);
    const again = await lotus.stateSearchMsg([], found.message, -1, true);
    expect(again?.height).toBe(found.height + 2);
    // The seed of the old epoch proves nothing any more.
    const sector = { number: 1, proof: await proofOf(test, 1) };
    expect(await test.refusal(ProveCommitSectors3, proveCommitParams([sector]))).toBe('accepted');
  });

  it('gives messages back to the mempool, or lets them vanish', async () => {
    const test = await start();
    const { devnet, lotus } = test;
    await devnet.control.mine(3);
    const kept = await test.send(PreCommitSectorBatch2, { sectors: [await preCommitInfo(test, 1)] });
    await devnet.control.mine(2);
    await devnet.control.reorg(2, { delay: 99 });
    expect(await lotus.stateSearchMsg([], kept, -1, true)).toBeNull();
    expect(await lotus.mpoolPending([])).toHaveLength(1);
    await devnet.control.mine(2);
    expect(await lotus.stateSearchMsg([], kept, -1, true)).not.toBeNull();

    await devnet.control.reorg(2, { drop: [kept] });
    expect(await lotus.mpoolPending([])).toEqual([]);
    expect(await lotus.mpoolGetNonce(test.worker)).toBe(0);
    await devnet.control.mine(2);
    expect(await lotus.stateSectorPreCommitInfo(MINER, 1, [])).toBeNull();
  });

  it('is told to subscribers: what is reverted, newest first, then what is applied', async () => {
    const { devnet, lotus } = await start();
    await devnet.control.mine(4);
    const seen: string[] = [];
    const abort = new AbortController();
    const following = (async () => {
      for await (const changes of lotus.headChanges({ signal: abort.signal }))
        for (const { type, val } of changes) seen.push(`${type} ${val.height}`);
    })();
    await waitFor(() => seen.length === 1);
    await devnet.control.reorg(2);
    await waitFor(() => seen.length === 6);
    expect(seen).toEqual(['current 4', 'revert 4', 'revert 3', 'apply 3', 'apply 4', 'apply 5']);
    abort.abort();
    await following.catch(() => undefined);
  });

  it('survives a restart, and cannot reach below genesis', async () => {
    const folder = await createTestFolder();
    open.push(folder);
    const first = await startTestDevnet({ stateDir: folder.path });
    await first.devnet.control.mine(4);
    await first.devnet.control.reorg(3);
    const { cids } = await first.lotus.chainHead();
    await expect(first.devnet.control.reorg(9)).rejects.toThrow('below genesis');
    await first[Symbol.asyncDispose]();
    const second = await start({ stateDir: folder.path });
    expect((await second.lotus.chainHead()).cids).toEqual(cids);
  });
});

describe('an expired pre-commit', () => {
  it('vanishes at the end of a deadline, and its deposit burns', async () => {
    const policy = { maxProveCommitDelay: 20, expiredPreCommitCleanUpDelay: 5, minSectorExpiration: 100 };
    const test = await start({ policy });
    const { devnet, lotus } = test;
    await devnet.control.mine(2);
    await test.execute(PreCommitSectorBatch2, {
      sectors: [await preCommitInfo(test, 1), await preCommitInfo(test, 2)],
    });
    const onChain = await lotus.stateSectorPreCommitInfo(MINER, 1, []);
    await devnet.control.mineTo((onChain?.preCommitEpoch ?? 0) + 11);
    const proof = async (number: number) => ({ number, proof: await proofOf(test, number) });
    const late = proveCommitParams([await proof(1), await proof(2)]);
    await devnet.control.mineTo((onChain?.preCommitEpoch ?? 0) + 31);
    expect(await test.refusal(ProveCommitSectors3, late)).toContain('no valid precommits specified');
    const burnt = async () => (await lotus.stateGetActor('t099', [])).balance;
    const before = await burnt();
    await devnet.control.mine(95);
    expect(await lotus.stateSectorPreCommitInfo(MINER, 1, [])).toBeNull();
    expect((await burnt()) - before).toBe(2n * (onChain?.preCommitDeposit ?? 0n));
    expect([...(await lotus.stateMinerAllocated(MINER, []))]).toEqual([1, 2]);
  });
});

describe('ChainNotify over a WebSocket', () => {
  it('speaks the recorded frames', async () => {
    const { devnet } = await start();
    await devnet.control.mine(2);
    const socket = new WebSocket(devnet.url.replace('http', 'ws'), {
      headers: { authorization: `Bearer ${devnet.token}` },
    });
    const frames: unknown[] = [];
    socket.on('message', (data) => frames.push(JSON.parse(String(data))));
    await new Promise((resolve) => socket.once('open', resolve));
    const say = (frame: unknown) => socket.send(JSON.stringify(frame));
    say({ jsonrpc: '2.0', id: 1, method: 'Filecoin.ChainNotify', params: [] });
    await waitFor(() => frames.length === 2);
    await devnet.control.mine();
    await waitFor(() => frames.length === 3);
    say({ jsonrpc: '2.0', id: 2, method: 'Filecoin.StateNetworkVersion', params: [[]] });
    await waitFor(() => frames.length === 4);
    say({ jsonrpc: '2.0', method: 'xrpc.cancel', params: [1] });
    await waitFor(() => frames.length === 5);
    await devnet.control.mine();
    const { frames: recorded } = recording('200-ws-ChainNotify') as unknown as {
      frames: { dir: string; frame: unknown }[];
    };
    const sent = recorded.filter(({ dir }) => dir === 'node->client').map(({ frame }) => frame);
    const answer = sent.find((frame) => (frame as { id?: number }).id === 2);
    const wanted = [sent[0], sent[1], sent[2], answer, sent.at(-1)];
    expect(frames).toHaveLength(5);
    expect(frames.flatMap((frame, index) => shapeDifferences(frame, wanted[index]))).toEqual([]);
    expect(frames[0]).toEqual(sent[0]);
    expect(frames[4]).toEqual(sent.at(-1));
    socket.close();
  });

  it('refuses a bad token', async () => {
    const { devnet } = await start();
    const socket = new WebSocket(devnet.url.replace('http', 'ws'), {
      headers: { authorization: 'Bearer bad' },
    });
    await expect(
      new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject)),
    ).rejects.toThrow('401');
  });
});

describe('the clock', () => {
  it('makes blocks by itself, and stands still when paused', async () => {
    const { devnet, lotus } = await start({ paused: false, blockTimeMs: 20 });
    await waitFor(() => devnet.control.height >= 5);
    devnet.control.pause();
    const head = await lotus.chainHead();
    expect(head.blocks[0]?.timestamp).toBe(1_700_000_000 + Math.floor((head.height * 20) / 1000));
    devnet.control.resume();
    await waitFor(() => devnet.control.height > head.height);
  });

  it('lets a waiting caller know when its message has the confidence it asked for', async () => {
    const test = await start({ paused: false, blockTimeMs: 20 });
    const cid = await test.send(PreCommitSectorBatch2, { sectors: [await preCommitInfo(test, 1)] });
    const found = await test.lotus.stateWaitMsg(cid, 5, -1, true);
    expect(test.devnet.control.height).toBeGreaterThanOrEqual(found.height + 5);
  });
});
