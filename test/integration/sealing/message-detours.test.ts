import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type ChainApi,
  type ChainPool,
  cancelMessage,
  createMessagePump,
  type MessageModules,
  type MessageNote,
  networkPolicy,
  replaceMessage,
} from '#chain';
import { signedMessageCid, toBase64 } from '#codec';
import { BeeproError, type KillPoint, type RARE_KILL_POINTS } from '#core';
import {
  findMessage,
  insertMessage,
  listForeign,
  listMessageNodes,
  listMessages,
  listMessageVersions,
  type MessageRow,
} from '#db';
import { audit } from '#sector';
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
afterEach(async () => {
  rig.devnet.control.setBaseFee(undefined);
  expect(await audit(rig.modules.db.kysely, rig.modules.chain)).toEqual([]);
});

let amounts = 100n;
/** A plain transfer of an amount of its own. */
function send(change: Partial<Parameters<typeof insertMessage>[1]> = {}): Promise<number> {
  amounts += 1n;
  return insertMessage(rig.modules.db.kysely, {
    miner: rig.miner,
    purpose: 'send',
    from_address: from,
    to_address: rig.devnet.accounts.worker ?? '',
    method: 0,
    value: amounts,
    params: toBase64(new Uint8Array()),
    max_fee: 10n ** 18n,
    ...change,
  });
}

const row = async (id: number): Promise<MessageRow> => {
  const found = await findMessage(rig.modules.db.kysely, id);
  if (!found) throw new Error(`message ${id} is gone`);
  return found;
};
const versions = (id: number) => listMessageVersions(rig.modules.db.kysely, id);

function pump(rules: Partial<MessageModules['rules']> = {}, chain: ChainPool = rig.modules.chain) {
  return createMessagePump({
    db: rig.modules.db,
    chain,
    signer: rig.modules.signer,
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
    bind: () => Promise.resolve(),
    note: (note) => notes.push(note.what),
  });
}

/** Due again at once, whatever the back-off. */
async function hurry(): Promise<void> {
  await rig.modules.db.kysely.updateTable('message').set({ not_before: null }).execute();
  await rig.modules.db.kysely.updateTable('message_node').set({ not_before: null }).execute();
}

async function toEnd(id: number): Promise<MessageRow> {
  for (let blocks = 0; blocks < 12; blocks++) {
    await hurry();
    await pump().send();
    await rig.devnet.control.mine();
    await pump().watch();
    const now = await row(id);
    if (['final', 'failed', 'cancelled'].includes(now.state)) return now;
  }
  return row(id);
}

/** A message of other software that uses the same key. */
async function foreign(value = 1n, to = from) {
  const call = { version: 0, to, from, nonce: 0, value, method: 0, params: new Uint8Array() };
  const signed = await rig.modules.chain.mpoolPushMessage(
    { ...call, gasLimit: 0n, gasFeeCap: 0n, gasPremium: 0n },
    null,
  );
  return { nonce: signed.message.nonce, cid: signedMessageCid(signed) };
}

/** So dear that nothing that is in the mempool is included. */
async function spike(of: MessageRow): Promise<void> {
  rig.devnet.control.setBaseFee((of.gas_fee_cap ?? 0n) * 4n);
  await rig.devnet.control.mine(2);
}

/** The rows of these messages as they were when they were intents, and the counter as it was: an older copy. */
async function forget(ids: readonly number[], nextNonce: number): Promise<void> {
  const db = rig.modules.db.kysely;
  await db.deleteFrom('message_version').where('message_id', 'in', ids).execute();
  await db.deleteFrom('message_node').where('message_id', 'in', ids).execute();
  await db
    .updateTable('message')
    .set({ state: 'intent', nonce: null, cid: null, pushed_at: null, seen_at: null, landed_at: null })
    .set({ gas_limit: null, inclusion_epoch: null, execution_epoch: null, exit_code: null })
    .where('id', 'in', ids)
    .execute();
  await db.updateTable('sender').set({ next_nonce: nextNonce }).execute();
}

describe('cancelling', () => {
  it('an intent: it is never sent, and says why', async () => {
    const id = await send();
    expect(await cancelMessage(rig.modules.db, id, 'by ana')).toMatchObject({ how: 'deleted' });
    await pump().send();
    expect(await row(id)).toMatchObject({ state: 'cancelled', nonce: null, error_code: 'MESSAGE_CANCELLED' });
    await expect(cancelMessage(rig.modules.db, id, 'by ana')).rejects.toMatchObject({
      code: 'MESSAGE_NOT_CANCELLABLE',
    });
  });

  it('a signed one: its nonce is used up by a transfer of nothing', async () => {
    const id = await send();
    await pump().send();
    const before = await row(id);
    expect(await cancelMessage(rig.modules.db, id, 'by ana')).toMatchObject({
      how: 'replacing',
      nonce: before.nonce,
    });
    await pump().send();
    expect((await versions(id)).map((version) => version.is_cancel)).toEqual([false, true]);
    const ended = await toEnd(id);
    expect(ended).toMatchObject({ state: 'cancelled', nonce: before.nonce, error_code: 'MESSAGE_CANCELLED' });
    expect(ended.cid).not.toBe(before.cid);
  });

  it('the original may still win, and then counts', async () => {
    const id = await send();
    await pump().send();
    const before = await row(id);
    await cancelMessage(rig.modules.db, id, 'by ana');
    await rig.devnet.control.mine();
    await pump().send();
    expect(await toEnd(id)).toMatchObject({ state: 'final', cid: before.cid, exit_code: 0 });
  });

  it('by itself, when its last useful epoch has passed: never dearer, freed', async () => {
    const late = await send({ deadline_epoch: rig.devnet.control.height + 1 });
    await pump().send();
    const out = await row(late);
    await spike(out);
    await pump({ replaceAfterMs: () => 0 }).watch();
    expect(await row(late)).toMatchObject({ state: 'pushed', cancel_code: 'MESSAGE_LAPSED' });
    expect(notes).toContain('cancelling');
    const intent = await send({ deadline_epoch: 1 });
    await pump().send();
    expect(await row(intent)).toMatchObject({
      state: 'cancelled',
      nonce: null,
      error_code: 'MESSAGE_LAPSED',
    });
    rig.devnet.control.setBaseFee(100n);
    expect(await toEnd(late)).toMatchObject({ nonce: out.nonce });
    expect((await versions(late)).filter((version) => !version.is_cancel)).toHaveLength(1);
  });
});

describe('the fee', () => {
  it('over its cap: it waits without a nonce, says what is needed and since when, and goes by itself', async () => {
    rig.devnet.control.setBaseFee(10n ** 10n);
    await rig.devnet.control.mine(2);
    const id = await send({ max_fee: 10n ** 15n });
    await pump().send();
    const waiting = await row(id);
    expect(waiting).toMatchObject({ state: 'intent', nonce: null, error_code: 'MESSAGE_FEE_OVER_CAP' });
    expect(waiting.fee_needed).toBeGreaterThan(waiting.max_fee);
    expect(waiting.waits_since).toBeInstanceOf(Date);
    await hurry();
    await pump().send();
    expect((await row(id)).waits_since).toEqual(waiting.waits_since);
    rig.devnet.control.setBaseFee(100n);
    expect(await toEnd(id)).toMatchObject({ state: 'final', fee_needed: null, waits_since: null });
  });

  it('an estimate in the row is used while it is young, and asked anew when it is not', async () => {
    const { chain } = rig.modules;
    let asked = 0;
    const counting = poolOfOne({
      ...chain,
      gasEstimateGasLimit: (...args: Parameters<ChainApi['gasEstimateGasLimit']>) => {
        asked += 1;
        return chain.gasEstimateGasLimit(...args);
      },
    });
    const young = await send({ gas_limit: 4_000_000, estimated_epoch: rig.devnet.control.height - 10 });
    await pump({}, counting).send();
    expect([asked, (await row(young)).gas_limit]).toEqual([0, 5_000_000]);
    const old = await send({ gas_limit: 4_000_000, estimated_epoch: rig.devnet.control.height - 11 });
    await pump({}, counting).send();
    expect(asked).toBe(1);
    await toEnd(old);
  });

  it('is raised by the operator’s word, under its nonce, within what is allowed', async () => {
    const id = await send();
    await pump().send();
    const before = await row(id);
    const market = { baseFee: 100n, premium: 100_000n };
    await expect(
      replaceMessage(rig.modules.db, id, { market, maxFee: 10n ** 18n, premium: before.gas_premium ?? 0n }),
    ).rejects.toMatchObject({ code: 'MESSAGE_NOT_REPLACEABLE' });
    const gas = await replaceMessage(rig.modules.db, id, { market, maxFee: 10n ** 18n, premium: 300_000n });
    expect(gas.premium).toBe(300_000n);
    expect(await toEnd(id)).toMatchObject({ state: 'final', nonce: before.nonce, gas_premium: 300_000n });
    await expect(replaceMessage(rig.modules.db, id, { market, maxFee: 1n })).rejects.toMatchObject({
      code: 'MESSAGE_NOT_REPLACEABLE',
    });
  });
});

describe('several nodes', () => {
  it('are all told; one that fails is told again, and which has it is in the rows', async () => {
    const { chain } = rig.modules;
    let isDown = true;
    const other = {
      ...chain,
      node: 'other',
      mpoolPush: (...args: Parameters<ChainApi['mpoolPush']>) =>
        isDown
          ? Promise.reject(new BeeproError('CHAIN_TIMED_OUT', { node: 'other', method: 'MpoolPush', ms: 1 }))
          : chain.mpoolPush(...args),
    };
    const pool = Object.assign(poolOfOne({ ...chain }), { inRotation: () => [chain, other] });
    const id = await send();
    await pump({}, pool).send();
    const holders = async () =>
      (await listMessageNodes(rig.modules.db.kysely, id)).map((record) => [record.node, record.has_it]);
    expect(await row(id)).toMatchObject({ state: 'pushed' });
    expect(await holders()).toEqual([
      [chain.node, true],
      ['other', false],
    ]);
    isDown = false;
    await pump({}, pool).watch();
    expect((await row(id)).seen_at).toBeInstanceOf(Date);
    await hurry();
    await pump({}, pool).watch();
    expect(await holders()).toEqual([
      [chain.node, true],
      ['other', true],
    ]);
    expect(await toEnd(id)).toMatchObject({ state: 'final' });
  });
});

describe('a key that other software uses too', () => {
  it('its messages are noticed, and ours come after them', async () => {
    const theirs = await foreign();
    const id = await send();
    await pump().send();
    expect((await row(id)).nonce).toBe(theirs.nonce + 1);
    expect(notes).toContain('foreign');
    expect(await listForeign(rig.modules.db.kysely, { from, limit: 1 })).toMatchObject([theirs]);
    expect(await toEnd(id)).toMatchObject({ state: 'final' });
  });

  it('a nonce that vanished is filled when ours hang behind it, after a while', async () => {
    const theirs = await foreign();
    const id = await send();
    await pump().send();
    rig.devnet.control.dropMessage(theirs.cid);
    await rig.devnet.control.mine();
    const patient = pump({ fillGapsAfterMs: () => 3_600_000, pushAgainMs: () => 0 });
    await patient.watch();
    await patient.watch();
    const filling = pump({ fillGapsAfterMs: () => 1, pushAgainMs: () => 0 });
    await filling.watch();
    const gaps = async () =>
      (await listMessages(rig.modules.db.kysely, { from, limit: 1_000 })).filter(
        (message) => message.purpose === 'gap',
      );
    expect(await gaps()).toEqual([]);
    await filling.watch();
    expect(await gaps()).toMatchObject([{ nonce: theirs.nonce, state: 'nonce', value: 0n }]);
    expect(await toEnd(id)).toMatchObject({ state: 'final', nonce: theirs.nonce + 1 });
  });

  it('no more messages go ahead of the chain than mempools take; the others hold no nonce, and say so', async () => {
    const ids = [];
    for (let count = 0; count < 7; count++) ids.push(await send());
    await pump().send();
    const rows = await Promise.all(ids.map(row));
    expect(rows.map(({ state }) => state)).toEqual([
      ...new Array(5).fill('pushed'),
      ...new Array(2).fill('intent'),
    ]);
    expect(rows[6]).toMatchObject({ error_code: 'MESSAGE_SENDER_BUSY', nonce: null });
    expect(await toEnd(ids[6] ?? 0)).toMatchObject({ state: 'final', error_code: null });
  });
});

describe('after a restore of the database', () => {
  it('what is in the mempool is adopted, not sent again', async () => {
    const before = (await rig.modules.db.kysely.selectFrom('sender').selectAll().executeTakeFirst())
      ?.next_nonce;
    const id = await send();
    await pump().send();
    const sent = await row(id);
    await forget([id], before ?? 0);
    await pump().send();
    expect(notes).toContain('adopted');
    expect(await row(id)).toMatchObject({ nonce: sent.nonce, cid: sent.cid });
    expect(await toEnd(id)).toMatchObject({ state: 'final', nonce: sent.nonce, cid: sent.cid });
  });

  it('what is on chain is adopted too, with what came of it', async () => {
    const before = (await rig.modules.db.kysely.selectFrom('sender').selectAll().executeTakeFirst())
      ?.next_nonce;
    const id = await send();
    await pump().send();
    const sent = await row(id);
    await rig.devnet.control.mine(20);
    await forget([id], before ?? 0);
    await pump().send();
    expect(notes).toContain('adopted');
    expect(await toEnd(id)).toMatchObject({ state: 'final', nonce: sent.nonce, cid: sent.cid, exit_code: 0 });
  });

  it('even where the counter was kept and only rows are lost', async () => {
    const id = await send();
    await pump().send();
    const sent = await row(id);
    await rig.devnet.control.mine(3);
    await forget([id], (sent.nonce ?? 0) + 1);
    await pump().send();
    expect(await toEnd(id)).toMatchObject({ state: 'final', nonce: sent.nonce, cid: sent.cid });
  });

  it('the same transfer ordered once more is another one', async () => {
    const first = await send();
    expect(await toEnd(first)).toMatchObject({ state: 'final' });
    const again = await send({ value: (await row(first)).value });
    const ended = await toEnd(again);
    expect(ended).toMatchObject({ state: 'final' });
    expect(ended.nonce).not.toBe((await row(first)).nonce);
  });
});

describe('killed right after the commit, and started again', () => {
  const PROCESS = fileURLToPath(new URL('pump-process.ts', import.meta.url));

  /** How the process that passes there ended. */
  async function killAt(point: KillPoint): Promise<NodeJS.Signals | null> {
    const child = spawn(
      process.execPath,
      ['--conditions=development', '--disable-warning=ExperimentalWarning', PROCESS],
      {
        env: {
          ...process.env,
          BEEPRO_KILL_AT: point,
          PUMP_MYSQL_URL: rig.database.url,
          PUMP_MYSQL_PASSWORD_FILE: rig.database.passwordFile,
          PUMP_NODE: rig.devnet.url,
          PUMP_TOKEN: rig.devnet.token,
          PUMP_PASSES: '3',
        },
        stdio: ['ignore', 'ignore', 'inherit'],
      },
    );
    const [, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    return signal;
  }

  const detours: Record<(typeof RARE_KILL_POINTS)[number], () => Promise<number>> = {
    'message.adopted': async () => {
      const sender = await rig.modules.db.kysely.selectFrom('sender').selectAll().executeTakeFirst();
      const id = await send();
      await pump().send();
      await forget([id], sender?.next_nonce ?? 0);
      return id;
    },
    'message.replace-committed': async () => {
      const id = await send();
      await pump().send();
      await spike(await row(id));
      return id;
    },
    'message.cancel-committed': async () => {
      const id = await send();
      await pump().send();
      await cancelMessage(rig.modules.db, id, 'by ana');
      return id;
    },
    'message.gap-filled': async () => {
      const theirs = await foreign();
      const id = await send();
      await pump().send();
      rig.devnet.control.dropMessage(theirs.cid);
      await rig.devnet.control.mine();
      return id;
    },
  };

  it.each(Object.entries(detours))('at %s', async (point, prepare) => {
    const id = await prepare();
    const nonce = (await row(id)).nonce;
    await hurry();
    expect(await killAt(point as KillPoint)).toBe('SIGKILL');
    rig.devnet.control.setBaseFee(100n);
    const ended = await toEnd(id);
    expect(ended.state).toBe(point === 'message.cancel-committed' ? 'cancelled' : 'final');
    if (nonce !== null) expect(ended.nonce).toBe(nonce);
    expect(new Set((await versions(id)).map((version) => version.cid)).size).toBeLessThanOrEqual(2);
  });
});
