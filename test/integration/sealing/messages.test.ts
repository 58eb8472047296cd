import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import {
  type ChainApi,
  createMessagePump,
  type MessageModules,
  type MessageNote,
  networkPolicy,
} from '#chain';
import { toBase64 } from '#codec';
import { BeeproError } from '#core';
import { findMessage, insertMessage, listMessageVersions, type MessageRow } from '#db';
import { poolOfOne } from '#testing';
import { createSealingRig, type SealingRig } from './sealing-rig.ts';

let rig: SealingRig;
let from: string;
let notes: MessageNote['what'][];

beforeAll(async () => {
  rig = await createSealingRig({ paused: true });
  await rig.devnet.control.mine(5);
  from = rig.devnet.accounts.operator ?? '';
});
afterAll(() => rig[Symbol.asyncDispose]());
beforeEach(() => {
  notes = [];
});

/** A plain transfer: what is tested is the way, not the load. */
function send(value: bigint, maxFee = 10n ** 18n): Promise<number> {
  return insertMessage(rig.modules.db.kysely, {
    miner: rig.miner,
    purpose: 'send',
    from_address: from,
    to_address: rig.devnet.accounts.worker ?? '',
    method: 0,
    value,
    params: toBase64(new Uint8Array()),
    max_fee: maxFee,
  });
}

const row = async (id: number): Promise<MessageRow> => {
  const found = await findMessage(rig.modules.db.kysely, id);
  if (!found) throw new Error(`message ${id} is gone`);
  return found;
};

/** A pump over the devnet, with some calls of its own. It rests on rows alone: each call is a fresh one. */
function pump(
  calls: Partial<ChainApi> = {},
  rules: Partial<MessageModules['rules']> = {},
  bind: MessageModules['bind'] = () => Promise.resolve(),
) {
  const { db, chain, signer } = rig.modules;
  return createMessagePump({
    db,
    chain: poolOfOne({ ...chain, ...calls }),
    signer,
    rules: {
      confidence: () => 3,
      pushAgainMs: () => 3_600_000,
      replaceAfterMs: () => 3_600_000,
      replacements: () => 8,
      fillGapsAfterMs: () => 0,
      caps: (message) => ({ maxFee: message.max_fee, overestimation: 1.25 }),
      policy: () => networkPolicy(28),
      ...rules,
    },
    bind,
    note: (note) => notes.push(note.what),
  });
}

/** Due again at once, whatever its back-off. */
async function hurry(id: number): Promise<void> {
  await rig.modules.db.kysely.updateTable('message').set({ not_before: null }).where('id', '=', id).execute();
}

async function land(id: number): Promise<MessageRow> {
  for (let blocks = 0; blocks < 12; blocks++) {
    await rig.devnet.control.mine();
    await pump().watch();
    const now = await row(id);
    if (now.state === 'final') return now;
  }
  return row(id);
}

const LOST = new BeeproError('CHAIN_TIMED_OUT', { node: 'n', method: 'MpoolPush', ms: 1 });

it('goes from intent to final, with its receipt', async () => {
  const id = await send(5n);
  await pump().send();
  expect(await row(id)).toMatchObject({ state: 'pushed' });
  const final = await land(id);
  expect(final).toMatchObject({ state: 'final', exit_code: 0 });
  expect(final.execution_epoch).toBeGreaterThan(final.inclusion_epoch ?? Number.POSITIVE_INFINITY);
  expect(notes).toEqual(['nonce', 'signed', 'pushed', 'landed', 'final']);
});

it('takes one nonce and signs one content, though every step fails once', async () => {
  const id = await send(7n);
  let step = 0;
  const { chain } = rig.modules;
  const flaky: Partial<ChainApi> = {
    gasEstimateGasLimit: (...args) =>
      step++ === 0 ? Promise.reject(LOST) : chain.gasEstimateGasLimit(...args),
    mpoolGetNonce: (...args) => (step++ === 2 ? Promise.reject(LOST) : chain.mpoolGetNonce(...args)),
    // The message arrives, its answer is lost: the worst kind of failure.
    mpoolPush: async (...args) => {
      const cid = await chain.mpoolPush(...args);
      if (notes.filter((what) => what === 'retried').length < 2) throw LOST;
      return cid;
    },
  };
  for (let tries = 0; tries < 8 && (await row(id)).state !== 'pushed'; tries++) {
    await hurry(id);
    await pump(flaky).send();
  }
  const pushed = await row(id);
  expect(pushed).toMatchObject({ state: 'pushed', error_code: null });
  expect(notes.filter((what) => what === 'retried')).toHaveLength(1);
  expect(notes.filter((what) => what === 'nonce')).toHaveLength(1);
  expect(await listMessageVersions(rig.modules.db.kysely, id)).toHaveLength(1);
  expect(await land(id)).toMatchObject({ state: 'final', nonce: pushed.nonce, cid: pushed.cid });
});

it('two pumps at once push it once', async () => {
  const id = await send(9n);
  await Promise.all([pump().send(), pump().send(), pump().send()]);
  const versions = await listMessageVersions(rig.modules.db.kysely, id);
  expect(new Set(versions.map((version) => version.cid)).size).toBe(1);
  expect(await land(id)).toMatchObject({ state: 'final', exit_code: 0 });
});

it('waits without a nonce while the sender cannot pay, and says so', async () => {
  const id = await send(10n ** 30n);
  await pump().send();
  expect(await row(id)).toMatchObject({ state: 'intent', nonce: null });
  expect((await row(id)).error_code).toMatch(/^MESSAGE_(SENDER|MINER)_FUNDS$/);
  await rig.modules.db.kysely
    .updateTable('message')
    .set({ state: 'cancelled' })
    .where('id', '=', id)
    .execute();
});

it('is pushed again, the same bytes, when the node has forgotten it', async () => {
  const id = await send(11n);
  await pump().send();
  const { cid } = await row(id);
  expect(rig.devnet.control.dropMessage(cid ?? '')).toBe(true);
  await rig.devnet.control.mine();
  await pump({}, { pushAgainMs: () => 0 }).watch();
  expect(notes).toContain('pushed-again');
  expect(await land(id)).toMatchObject({ state: 'final', cid });
});

it('is replaced by a dearer one when it is stuck, under its nonce', async () => {
  const id = await send(13n);
  await pump().send();
  const first = await row(id);
  rig.devnet.control.setBaseFee((first.gas_fee_cap ?? 0n) * 4n);
  await rig.devnet.control.mine(2);
  await pump().watch();
  expect((await row(id)).state).toBe('pushed');
  await pump({}, { replaceAfterMs: () => 0 }).watch();
  expect(await row(id)).toMatchObject({ state: 'nonce', nonce: first.nonce });
  await pump().send();
  const second = await row(id);
  expect(second).toMatchObject({ state: 'pushed', nonce: first.nonce });
  expect(second.cid).not.toBe(first.cid);
  const final = await land(id);
  expect(final).toMatchObject({ state: 'final', nonce: first.nonce, cid: second.cid, exit_code: 0 });
  rig.devnet.control.setBaseFee(undefined);
});

it('is not cut to the fee limit of the node, and is never sent below the base fee', async () => {
  // Beyond the 0.07 FIL that Lotus allows a message when nothing is asked.
  rig.devnet.control.setBaseFee(2n * 10n ** 11n);
  await rig.devnet.control.mine(2);
  const rich = await send(17n);
  const poor = await send(18n, 7n * 10n ** 16n);
  await pump().send();
  expect(await row(rich)).toMatchObject({ state: 'pushed' });
  expect((await row(rich)).gas_fee_cap).toBeGreaterThan(2n * 10n ** 11n);
  expect(await row(poor)).toMatchObject({ state: 'intent', nonce: null, error_code: 'MESSAGE_FEE_OVER_CAP' });
  expect(await land(rich)).toMatchObject({ state: 'final', exit_code: 0 });
  rig.devnet.control.setBaseFee(100n);
  await rig.devnet.control.mine(2);
  await hurry(poor);
  await pump().send();
  expect(await land(poor)).toMatchObject({ state: 'final', exit_code: 0 });
  rig.devnet.control.setBaseFee(undefined);
});

it('is replaced only when its nonce is the next: paying more does not help one that waits for another', async () => {
  const first = await send(19n);
  await pump().send();
  const second = await send(20n);
  await pump().send();
  await pump({}, { replaceAfterMs: () => 0 }).watch();
  expect(await row(first)).toMatchObject({ state: 'pushed' });
  rig.devnet.control.setBaseFee(((await row(first)).gas_fee_cap ?? 0n) * 4n);
  await rig.devnet.control.mine(2);
  await pump({}, { replaceAfterMs: () => 0 }).watch();
  expect(await row(first)).toMatchObject({ state: 'nonce' });
  expect(await row(second)).toMatchObject({ state: 'pushed' });
  await pump().send();
  rig.devnet.control.setBaseFee(undefined);
  expect(await land(first)).toMatchObject({ state: 'final' });
  expect(await land(second)).toMatchObject({ state: 'final' });
});

it('is given up without a nonce when a member no longer takes part', async () => {
  const id = await send(21n);
  const refused = new BeeproError('SECTOR_EVENT_REFUSED', {
    sector: 's-t01000-1',
    state: 'Parked',
    event: 'precommit-bound',
    reason: 'the sector has no pre-commit under way',
  });
  await pump({}, {}, () => Promise.reject(refused)).send();
  expect(await row(id)).toMatchObject({ state: 'failed', nonce: null, error_code: 'SECTOR_EVENT_REFUSED' });
});

it('is found where it was executed, though nobody has looked for long', async () => {
  const id = await send(23n);
  await pump().send();
  await rig.devnet.control.mine(3);
  const { chain } = rig.modules;
  const lookbacks: number[] = [];
  const calls: Partial<ChainApi> = {
    stateSearchMsg: (...args) => {
      lookbacks.push(args[2]);
      return chain.stateSearchMsg(...args);
    },
  };
  await pump(calls, { confidence: () => 100_000 }).watch();
  const landed = await row(id);
  expect(landed).toMatchObject({ state: 'landed' });
  await rig.devnet.control.mineTo((landed.execution_epoch ?? 0) + 1_000);
  await pump(calls, { confidence: () => 100_000 }).watch();
  expect(lookbacks.at(-1)).toBeGreaterThanOrEqual(1_000 + 900);
  expect(await land(id)).toMatchObject({ state: 'final' });
});

it('reconciles every sender, though the chain does not know one of them', async () => {
  const { db } = rig.modules;
  await db.kysely.updateTable('sender').set({ next_nonce: 0 }).execute();
  await db.kysely.insertInto('sender').values({ address: '', next_nonce: 0 }).execute();
  const { chain } = rig.modules;
  const calls: Partial<ChainApi> = {
    stateGetActor: (address, key) =>
      address === '' ? Promise.reject(LOST) : chain.stateGetActor(address, key),
  };
  await expect(pump(calls).reconcile()).rejects.toMatchObject({ code: 'CHAIN_TIMED_OUT' });
  await db.kysely.deleteFrom('sender').where('address', '=', '').execute();
  const [sender] = await db.kysely.selectFrom('sender').selectAll().execute();
  expect(sender).toEqual({ address: from, next_nonce: await chain.mpoolGetNonce(from) });
  expect(sender?.next_nonce).toBeGreaterThan(0);
});

it('is given up when its nonce is final with a message of somebody else', async () => {
  const id = await send(15n);
  await pump({ mpoolPush: () => Promise.reject(LOST) }).send();
  const { nonce } = await row(id);
  const { chain } = rig.modules;
  // Other software uses the same key.
  const other = await chain.mpoolPushMessage(
    {
      version: 0,
      to: from,
      from,
      nonce: 0,
      value: 1n,
      gasLimit: 0n,
      gasFeeCap: 0n,
      gasPremium: 0n,
      method: 0,
      params: new Uint8Array(),
    },
    null,
  );
  expect(other.message.nonce).toBe(nonce);
  await rig.devnet.control.mine(8);
  await hurry(id);
  await pump().send();
  await pump({}, { pushAgainMs: () => 0 }).watch();
  expect(await row(id)).toMatchObject({ state: 'failed', error_code: 'MESSAGE_NONCE_LOST' });
});
