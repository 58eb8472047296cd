import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { type ConfiguredSigner, chooseSender } from '#chain';
import { addressOfKey, generateKey } from '#codec';
import type { SenderPurpose, SettingName } from '#config';
import { isBeeproError } from '#core';
import { findMessage, findMiner, type MessageRow } from '#db';
import { type RemoteWallet, waitFor } from '#testing';
import type { KeyStore } from '#wallet';
import type { CoordinatorBench } from '../support/coordinator-bench.ts';
import { IN_FORCE, type Observations, stays } from '../support/observation.ts';

/** A coordinator whose miner has two control addresses, a signer by the setting, and a wallet beside the node's. */
export interface WalletBench extends CoordinatorBench {
  readonly controls: readonly [string, string];
  readonly signer: ConfiguredSigner;
  readonly keys: KeyStore;
  readonly wallet: RemoteWallet;
}

/** The message of a new sector, once there is one. */
async function message(bench: WalletBench, kind: 'precommit' | 'commit'): Promise<MessageRow> {
  const [number = -1] = await bench.bring(1, kind === 'precommit' ? 'PreCommitWait' : 'CommitWait');
  const id = (await bench.sector(number))[`${kind}_message`];
  const row = await findMessage(bench.rig.modules.db.kysely, id ?? -1);
  if (!row) throw new Error(`sector ${number} has no ${kind} message`);
  return row;
}

/** Until a new sector's message shows what the changed setting gives. */
async function messageShows(
  bench: WalletBench,
  kind: 'precommit' | 'commit',
  condition: (row: MessageRow) => boolean,
): Promise<void> {
  await waitFor(async () => condition(await message(bench, kind)), { deadlineMs: 50_000 });
}

async function chosen(bench: WalletBench, purpose: SenderPurpose): Promise<string> {
  const miner = await findMiner(bench.rig.modules.db.kysely, bench.rig.miner);
  if (!miner) throw new Error('the miner is gone');
  return (await chooseSender(bench.rig.modules, { miner, purpose, needed: 0n })).address;
}

const senderOfBatches = async (bench: WalletBench, kind: 'precommit' | 'commit'): Promise<void> => {
  const [control] = bench.controls;
  expect((await message(bench, kind)).from_address).not.toBe(control);
  await bench.change(`sender.${kind}`, control);
  await messageShows(bench, kind, (row) => row.from_address === control);
};

export const WALLET: Observations<
  Extract<SettingName, `wallet.${string}` | `sender.${string}` | `collateral.${string}`>,
  WalletBench
> = {
  'wallet.signers': async (bench) => {
    const address = await bench.keys.add(generateKey('secp256k1'));
    await bench.given('wallet.signers', 'node');
    expect(await bench.signer.has(address)).toBe(false);
    await bench.change('wallet.signers', `node, remote ${bench.wallet.url} token=env:TEST_WALLET_TOKEN`);
    await waitFor(() => bench.signer.has(address), IN_FORCE);
  },

  'wallet.sign_timeout': async (bench) => {
    const key = generateKey('secp256k1');
    await bench.keys.add(key);
    const failure = () =>
      bench.signer.sign(addressOfKey(key, 't'), new Uint8Array([1])).catch((reason: unknown) => reason);
    await bench.given('wallet.signers', `remote ${bench.wallet.url} token=env:TEST_WALLET_TOKEN`);
    await bench.given('wallet.sign_timeout', '200s');
    bench.wallet.fault = 'stall signing';
    let isOver = false;
    const patient = failure().finally(() => {
      isOver = true;
    });
    await stays('waiting for the signature', () => !isOver);
    await bench.change('wallet.sign_timeout', '1s');
    await waitFor(async () => {
      // A signature that began before the change was in force goes on waiting.
      const error = await Promise.race([failure(), sleep(1_500)]);
      return isBeeproError(error, 'WALLET_SIGNER_AWAY') && error.message.includes('1000 ms');
    }, IN_FORCE);
    expect(isOver).toBe(false);
    bench.wallet.fault = 'none';
    await bench.wallet.close();
    expect(isBeeproError(await patient, 'WALLET_SIGNER_AWAY')).toBe(true);
    await bench.wallet.listen();
  },

  'sender.precommit': (bench) => senderOfBatches(bench, 'precommit'),
  'sender.commit': (bench) => senderOfBatches(bench, 'commit'),

  'sender.post': async (bench) => {
    const [first, second] = bench.controls;
    await bench.given('sender.post', first);
    expect(await chosen(bench, 'post')).toBe(first);
    await bench.change('sender.post', second);
    await waitFor(async () => (await chosen(bench, 'post')) === second, IN_FORCE);
  },

  'sender.terminate': async (bench) => {
    const [, second] = bench.controls;
    expect(await chosen(bench, 'terminate')).not.toBe(second);
    await bench.change('sender.terminate', second);
    await waitFor(async () => (await chosen(bench, 'terminate')) === second, IN_FORCE);
  },

  'sender.post_shared': async (bench) => {
    const [first] = bench.controls;
    await bench.given('sender.post', first);
    await bench.given('sender.commit', first);
    const refusal = await chosen(bench, 'commit').catch((error: unknown) => error);
    expect(isBeeproError(refusal, 'SENDER_SHARED_WITH_POST')).toBe(true);
    await bench.change('sender.post_shared', 'true');
    await waitFor(async () => (await chosen(bench, 'commit')) === first, IN_FORCE);
  },

  'collateral.source': async (bench) => {
    expect((await message(bench, 'precommit')).value).toBe(0n);
    await bench.change('collateral.source', 'sender');
    await messageShows(bench, 'precommit', ({ value }) => value > 0n);
  },

  'collateral.margin': async (bench) => {
    await bench.given('collateral.source', 'sender');
    await bench.given('collateral.margin', '0');
    const bare = (await message(bench, 'precommit')).value;
    await bench.change('collateral.margin', '50');
    // The deposit itself moves a little with the network’s power.
    await messageShows(bench, 'precommit', ({ value }) => value * 10n > bare * 14n);
  },
};
