import { expect } from 'vitest';
import { signedMessageCid, toBase64 } from '#codec';
import type { SettingName } from '#config';
import { findMessage, insertMessage, listMessages, listMessageVersions, type MessageRow } from '#db';
import { waitFor } from '#testing';
import type { CoordinatorBench } from '../support/coordinator-bench.ts';
import { IN_FORCE, type Observations, stays } from '../support/observation.ts';

type Bench = CoordinatorBench;

/** A plain transfer, as an intent that the running pump finds. */
function send(bench: Bench): Promise<number> {
  const { rig } = bench;
  return insertMessage(rig.modules.db.kysely, {
    miner: rig.miner,
    purpose: 'send',
    from_address: rig.devnet.accounts.operator ?? '',
    to_address: rig.devnet.accounts.worker ?? '',
    method: 0,
    value: 1n,
    params: toBase64(new Uint8Array()),
    max_fee: 10n ** 18n,
  });
}

async function row(bench: Bench, id: number): Promise<MessageRow> {
  const found = await findMessage(bench.rig.modules.db.kysely, id);
  if (!found) throw new Error(`message ${id} is gone`);
  return found;
}

const untilState = (bench: Bench, id: number, state: MessageRow['state']) =>
  waitFor(
    async () => {
      const now = await row(bench, id);
      return now.state === state && now;
    },
    { ...IN_FORCE, what: `message ${id} ${state}` },
  );

/** Whatever waits in the mempool is gone from it for the next observation. */
const land = (bench: Bench, id: number) =>
  bench.until('the message final', async () => (await row(bench, id)).state === 'final');

export const MESSAGES: Observations<
  | Extract<SettingName, `message.${string}`>
  | 'fee.gas_overestimation'
  | 'chain.poll_interval'
  | 'chain.confidence.final',
  Bench
> = {
  /** No block comes, so nothing but the poll finds the message. */
  'chain.poll_interval': async (bench) => {
    await bench.given('chain.poll_interval', '5m');
    // The pass that the change itself woke may still find the first ones.
    const first = await waitFor(async () => {
      const id = await send(bench);
      await stays('unsent', async () => (await row(bench, id)).state === 'intent');
      return id;
    }, IN_FORCE);
    await bench.change('chain.poll_interval', '100ms');
    await untilState(bench, first, 'pushed');
    const second = await send(bench);
    await untilState(bench, second, 'pushed');
    await land(bench, second);
  },

  'chain.confidence.final': async (bench) => {
    await bench.given('chain.confidence.final', '900');
    const id = await send(bench);
    await bench.until('the message landed', async () => (await row(bench, id)).state === 'landed');
    await bench.rig.devnet.control.mine(5);
    await stays('landed, not final', async () => (await row(bench, id)).state === 'landed');
    await bench.change('chain.confidence.final', '4');
    await untilState(bench, id, 'final');
  },

  /** The node forgets a message, and gets it again. */
  'message.push_interval': async (bench) => {
    await bench.given('message.push_interval', '1h');
    const id = await send(bench);
    const { cid } = await untilState(bench, id, 'pushed');
    await waitFor(async () => (await row(bench, id)).seen_at, IN_FORCE);
    const { chain, devnet } = { ...bench.rig, ...bench.rig.modules };
    const isPending = async () =>
      (await chain.mpoolPending([])).some((signed) => signedMessageCid(signed) === cid);
    expect(devnet.control.dropMessage(cid ?? '')).toBe(true);
    await stays('forgotten', async () => !(await isPending()));
    await bench.change('message.push_interval', '1s');
    await waitFor(isPending, IN_FORCE);
    await land(bench, id);
  },

  'message.replace_after': async (bench) => {
    const { devnet, modules } = bench.rig;
    await bench.given('message.replace_after', '12h');
    const id = await send(bench);
    const { gas_fee_cap: cap, nonce } = await untilState(bench, id, 'pushed');
    devnet.control.setBaseFee((cap ?? 0n) * 4n);
    await devnet.control.mine(2);
    const versions = async () => (await listMessageVersions(modules.db.kysely, id)).length;
    await stays('one version', async () => (await versions()) === 1);
    await bench.change('message.replace_after', '1s');
    await waitFor(async () => (await versions()) > 1, IN_FORCE);
    expect((await row(bench, id)).nonce).toBe(nonce);
    devnet.control.setBaseFee(undefined);
    await bench.given('message.replace_after', '12h');
    await land(bench, id);
  },

  'message.replacements': async (bench) => {
    const { devnet, modules } = bench.rig;
    await bench.given('message.replacements', '0');
    await bench.given('message.replace_after', '1s');
    const id = await send(bench);
    const { gas_fee_cap: cap } = await untilState(bench, id, 'pushed');
    devnet.control.setBaseFee((cap ?? 0n) * 4n);
    await devnet.control.mine(2);
    const versions = async () => (await listMessageVersions(modules.db.kysely, id)).length;
    await waitFor(async () => (await row(bench, id)).error_code === 'MESSAGE_REPLACEMENTS_SPENT', IN_FORCE);
    await stays('one version', async () => (await versions()) === 1);
    await bench.change('message.replacements', '3');
    await waitFor(async () => (await versions()) > 1, IN_FORCE);
    devnet.control.setBaseFee(undefined);
    await land(bench, id);
  },

  /** A message of other software leaves the mempool, and one of ours waits behind its nonce. */
  'message.fill_gaps_after': async (bench) => {
    const { devnet, modules } = bench.rig;
    await bench.given('message.fill_gaps_after', '0s');
    const from = devnet.accounts.operator ?? '';
    const foreign = await modules.chain.mpoolPushMessage(
      {
        ...{ version: 0, to: from, from, nonce: 0, value: 1n },
        ...{ gasLimit: 0n, gasFeeCap: 0n, gasPremium: 0n, method: 0, params: new Uint8Array() },
      },
      null,
    );
    const id = await send(bench);
    expect((await untilState(bench, id, 'pushed')).nonce).toBe(foreign.message.nonce + 1);
    expect(devnet.control.dropMessage(signedMessageCid(foreign))).toBe(true);
    await devnet.control.mine();
    const gaps = () => listMessages(modules.db.kysely, { from, limit: 10_000 });
    const filled = async () => (await gaps()).find((message) => message.purpose === 'gap');
    await stays('waiting behind the gap', async () => !(await filled()));
    await bench.change('message.fill_gaps_after', '1s');
    await waitFor(filled, IN_FORCE);
    await land(bench, id);
  },

  'fee.gas_overestimation': async (bench) => {
    const gasLimit = async () => (await untilState(bench, await send(bench), 'pushed')).gas_limit ?? 0;
    await bench.given('fee.gas_overestimation', '1.25');
    const before = await gasLimit();
    await bench.change('fee.gas_overestimation', '2.5');
    const after = await waitFor(async () => {
      const now = await gasLimit();
      return now > before * 1.5 && now;
    }, IN_FORCE);
    expect(after / before).toBeCloseTo(2, 2);
  },
};
