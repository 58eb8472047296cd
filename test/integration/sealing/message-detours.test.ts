import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ChainApi, cancelMessage, replaceMessage } from '#chain';
import { BeeproError } from '#core';
import { listForeign, listMessageNodes, listMessages } from '#db';
import { audit } from '#sector';
import { poolOfOne } from '#testing';
import { MessageBench } from './message-bench.ts';

let bench: MessageBench;

beforeAll(async () => {
  bench = await MessageBench.create();
});
afterAll(() => bench[Symbol.asyncDispose]());
beforeEach(() => {
  bench.notes = [];
});
afterEach(async () => {
  bench.rig.devnet.control.setBaseFee(undefined);
  expect(await audit(bench.rig.modules.db.kysely, bench.rig.modules.chain)).toEqual([]);
});

describe('cancelling', () => {
  it('an intent: it is never sent, and says why', async () => {
    const id = await bench.send();
    expect(await cancelMessage(bench.rig.modules.db, id, 'by ana')).toMatchObject({ how: 'deleted' });
    await bench.pump().send();
    expect(await bench.row(id)).toMatchObject({
      state: 'cancelled',
      nonce: null,
      error_code: 'MESSAGE_CANCELLED',
    });
    await expect(cancelMessage(bench.rig.modules.db, id, 'by ana')).rejects.toMatchObject({
      code: 'MESSAGE_NOT_CANCELLABLE',
    });
  });

  it('a signed one: its nonce is used up by a transfer of nothing', async () => {
    const id = await bench.send();
    await bench.pump().send();
    const before = await bench.row(id);
    expect(await cancelMessage(bench.rig.modules.db, id, 'by ana')).toMatchObject({
      how: 'replacing',
      nonce: before.nonce,
    });
    await bench.pump().send();
    expect((await bench.versions(id)).map((version) => version.is_cancel)).toEqual([false, true]);
    const ended = await bench.toEnd(id);
    expect(ended).toMatchObject({ state: 'cancelled', nonce: before.nonce, error_code: 'MESSAGE_CANCELLED' });
    expect(ended.cid).not.toBe(before.cid);
  });

  it('the original may still win, and then counts', async () => {
    const id = await bench.send();
    await bench.pump().send();
    const before = await bench.row(id);
    await cancelMessage(bench.rig.modules.db, id, 'by ana');
    await bench.rig.devnet.control.mine();
    await bench.pump().send();
    expect(await bench.toEnd(id)).toMatchObject({ state: 'final', cid: before.cid, exit_code: 0 });
  });

  it('by itself, when its last useful epoch has passed: never dearer, freed', async () => {
    const late = await bench.send({ deadline_epoch: bench.rig.devnet.control.height + 1 });
    await bench.pump().send();
    const out = await bench.row(late);
    await bench.spike(out);
    await bench.pump({ replaceAfterMs: () => 0 }).watch();
    expect(await bench.row(late)).toMatchObject({ state: 'pushed', cancel_code: 'MESSAGE_LAPSED' });
    expect(bench.notes).toContain('cancelling');
    const intent = await bench.send({ deadline_epoch: 1 });
    await bench.pump().send();
    expect(await bench.row(intent)).toMatchObject({
      state: 'cancelled',
      nonce: null,
      error_code: 'MESSAGE_LAPSED',
    });
    bench.rig.devnet.control.setBaseFee(100n);
    expect(await bench.toEnd(late)).toMatchObject({ nonce: out.nonce });
    expect((await bench.versions(late)).filter((version) => !version.is_cancel)).toHaveLength(1);
  });
});

describe('the fee', () => {
  it('over its cap: it waits without a nonce, says what is needed and since when, and goes by itself', async () => {
    bench.rig.devnet.control.setBaseFee(10n ** 10n);
    await bench.rig.devnet.control.mine(2);
    const id = await bench.send({ max_fee: 10n ** 15n });
    await bench.pump().send();
    const waiting = await bench.row(id);
    expect(waiting).toMatchObject({ state: 'intent', nonce: null, error_code: 'MESSAGE_FEE_OVER_CAP' });
    expect(waiting.fee_needed).toBeGreaterThan(waiting.max_fee);
    expect(waiting.waits_since).toBeInstanceOf(Date);
    await bench.hurry();
    await bench.pump().send();
    expect((await bench.row(id)).waits_since).toEqual(waiting.waits_since);
    bench.rig.devnet.control.setBaseFee(100n);
    expect(await bench.toEnd(id)).toMatchObject({ state: 'final', fee_needed: null, waits_since: null });
  });

  it('an estimate in the row is used while it is young, and asked anew when it is not', async () => {
    const { chain } = bench.rig.modules;
    let asked = 0;
    const counting = poolOfOne({
      ...chain,
      gasEstimateGasLimit: (...args: Parameters<ChainApi['gasEstimateGasLimit']>) => {
        asked += 1;
        return chain.gasEstimateGasLimit(...args);
      },
    });
    const young = await bench.send({
      gas_limit: 4_000_000,
      estimated_epoch: bench.rig.devnet.control.height - 10,
    });
    await bench.pump({}, counting).send();
    expect([asked, (await bench.row(young)).gas_limit]).toEqual([0, 5_000_000]);
    const old = await bench.send({
      gas_limit: 4_000_000,
      estimated_epoch: bench.rig.devnet.control.height - 11,
    });
    await bench.pump({}, counting).send();
    expect(asked).toBe(1);
    await bench.toEnd(old);
  });

  it('is raised by the operator’s word, under its nonce, within what is allowed', async () => {
    const id = await bench.send();
    await bench.pump().send();
    const before = await bench.row(id);
    const market = { baseFee: 100n, premium: 100_000n };
    await expect(
      replaceMessage(bench.rig.modules.db, id, {
        market,
        maxFee: 10n ** 18n,
        premium: before.gas_premium ?? 0n,
      }),
    ).rejects.toMatchObject({ code: 'MESSAGE_NOT_REPLACEABLE' });
    const gas = await replaceMessage(bench.rig.modules.db, id, {
      market,
      maxFee: 10n ** 18n,
      premium: 300_000n,
    });
    expect(gas.premium).toBe(300_000n);
    expect(await bench.toEnd(id)).toMatchObject({
      state: 'final',
      nonce: before.nonce,
      gas_premium: 300_000n,
    });
    await expect(replaceMessage(bench.rig.modules.db, id, { market, maxFee: 1n })).rejects.toMatchObject({
      code: 'MESSAGE_NOT_REPLACEABLE',
    });
  });
});

describe('several nodes', () => {
  it('are all told; one that fails is told again, and which has it is in the rows', async () => {
    const { chain } = bench.rig.modules;
    let isDown = true;
    const other = {
      ...chain,
      node: 'other',
      mpoolPush: (...args: Parameters<ChainApi['mpoolPush']>) =>
        isDown
          ? Promise.reject(new BeeproError('CHAIN_TIMED_OUT', { node: 'other', method: 'MpoolPush', ms: 1 }))
          : chain.mpoolPush(...args),
    };
    const pool = Object.assign(poolOfOne({ ...chain }), {
      inRotation: () => Promise.resolve([chain, other]),
    });
    const id = await bench.send();
    await bench.pump({}, pool).send();
    const holders = async () =>
      (await listMessageNodes(bench.rig.modules.db.kysely, id)).map((record) => [record.node, record.has_it]);
    expect(await bench.row(id)).toMatchObject({ state: 'pushed' });
    expect(await holders()).toEqual([
      [chain.node, true],
      ['other', false],
    ]);
    isDown = false;
    await bench.pump({}, pool).watch();
    expect((await bench.row(id)).seen_at).toBeInstanceOf(Date);
    await bench.hurry();
    await bench.pump({}, pool).watch();
    expect(await holders()).toEqual([
      [chain.node, true],
      ['other', true],
    ]);
    expect(await bench.toEnd(id)).toMatchObject({ state: 'final' });
  });
});

describe('a message that no node takes', () => {
  it('is given up after some tries, and frees its nonce for the next', async () => {
    const { chain } = bench.rig.modules;
    const id = await bench.send();
    const next = await bench.send();
    const { value } = await bench.row(id);
    const refused = new BeeproError('CHAIN_SIGNATURE_REFUSED', {
      ...{ node: chain.node, method: 'MpoolPush', detail: 'invalid signature' },
    });
    const refusing = poolOfOne({
      ...chain,
      mpoolPush: (...args: Parameters<ChainApi['mpoolPush']>) =>
        args[0].message.value === value ? Promise.reject(refused) : chain.mpoolPush(...args),
    });
    for (let tries = 0; tries < 8 && (await bench.row(id)).state !== 'pushed'; tries += 1) {
      await bench.pump({}, refusing).send();
      await bench.hurry();
    }
    expect(await bench.row(id)).toMatchObject({ state: 'pushed', cancel_code: 'MESSAGE_REFUSED' });
    expect(await bench.toEnd(id)).toMatchObject({ state: 'cancelled', error_code: 'MESSAGE_REFUSED' });
    expect(await bench.toEnd(next)).toMatchObject({ state: 'final', exit_code: 0 });
  });
});

describe('a key that other software uses too', () => {
  it('its messages are noticed, and ours come after them', async () => {
    const theirs = await bench.foreign();
    const id = await bench.send();
    await bench.pump().send();
    expect((await bench.row(id)).nonce).toBe(theirs.nonce + 1);
    expect(bench.notes).toContain('foreign');
    expect(await listForeign(bench.rig.modules.db.kysely, { from: bench.from, limit: 1 })).toMatchObject([
      theirs,
    ]);
    expect(await bench.toEnd(id)).toMatchObject({ state: 'final' });
  });

  it('a nonce that vanished is filled when ours hang behind it, after a while', async () => {
    const theirs = await bench.foreign();
    const id = await bench.send();
    await bench.pump().send();
    bench.rig.devnet.control.dropMessage(theirs.cid);
    await bench.rig.devnet.control.mine();
    const patient = bench.pump({ fillGapsAfterMs: () => 3_600_000, pushAgainMs: () => 0 });
    await patient.watch();
    await patient.watch();
    const filling = bench.pump({ fillGapsAfterMs: () => 1, pushAgainMs: () => 0 });
    await filling.watch();
    const gaps = async () =>
      (await listMessages(bench.rig.modules.db.kysely, { from: bench.from, limit: 1_000 })).filter(
        (message) => message.purpose === 'gap',
      );
    expect(await gaps()).toEqual([]);
    await filling.watch();
    expect(await gaps()).toMatchObject([{ nonce: theirs.nonce, state: 'nonce', value: 0n }]);
    expect(await bench.toEnd(id)).toMatchObject({ state: 'final', nonce: theirs.nonce + 1 });
  });

  it('no more messages go ahead of the chain than mempools take; the others hold no nonce, and say so', async () => {
    const ids = [];
    for (let count = 0; count < 7; count++) ids.push(await bench.send());
    await bench.pump().send();
    const rows = await Promise.all(ids.map((id) => bench.row(id)));
    expect(rows.map(({ state }) => state)).toEqual([
      ...new Array(5).fill('pushed'),
      ...new Array(2).fill('intent'),
    ]);
    expect(rows[6]).toMatchObject({ error_code: 'MESSAGE_SENDER_BUSY', nonce: null });
    expect(await bench.toEnd(ids[6] ?? 0)).toMatchObject({ state: 'final', error_code: null });
  });
});

describe('after a restore of the database', () => {
  it('what is in the mempool is adopted, not sent again', async () => {
    const before = await bench.nextNonce();
    const id = await bench.send();
    await bench.pump().send();
    const sent = await bench.row(id);
    await bench.forget([id], before);
    await bench.pump().send();
    expect(bench.notes).toContain('adopted');
    expect(await bench.row(id)).toMatchObject({ nonce: sent.nonce, cid: sent.cid });
    expect(await bench.toEnd(id)).toMatchObject({ state: 'final', nonce: sent.nonce, cid: sent.cid });
  });

  it('what is on chain is adopted too, with what came of it', async () => {
    const before = await bench.nextNonce();
    const id = await bench.send();
    await bench.pump().send();
    const sent = await bench.row(id);
    await bench.rig.devnet.control.mine(20);
    await bench.forget([id], before);
    await bench.pump().send();
    expect(bench.notes).toContain('adopted');
    expect(await bench.toEnd(id)).toMatchObject({
      state: 'final',
      nonce: sent.nonce,
      cid: sent.cid,
      exit_code: 0,
    });
  });

  it('even where the counter was kept and only rows are lost', async () => {
    const id = await bench.send();
    await bench.pump().send();
    const sent = await bench.row(id);
    await bench.rig.devnet.control.mine(3);
    await bench.forget([id], (sent.nonce ?? 0) + 1);
    await bench.pump().send();
    expect(await bench.toEnd(id)).toMatchObject({ state: 'final', nonce: sent.nonce, cid: sent.cid });
  });

  it('the same transfer ordered once more is another one', async () => {
    const first = await bench.send();
    expect(await bench.toEnd(first)).toMatchObject({ state: 'final' });
    const again = await bench.send({ value: (await bench.row(first)).value });
    const ended = await bench.toEnd(again);
    expect(ended).toMatchObject({ state: 'final' });
    expect(ended.nonce).not.toBe((await bench.row(first)).nonce);
  });
});
