import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accountKey } from '#chain';
import { addressOfKey, exportKey, generateKey, idAddress, importKey } from '#codec';
import { listBlockedBatches, listMessages, listPledgeDecisions, type MessageRow } from '#db';
import { pledgeSectors, whyWaiting } from '#sector';
import { createTestFolder, type TestFolder, waitFor } from '#testing';
import { pledgeDuty, startSealing } from '../../../src/roles/sealing/index.ts';
import { Cli } from '../cli/support/cli.ts';
import { createSealingRig, type SealingRig } from '../sealing/sealing-rig.ts';
import { landingAnswer } from '../sealing/storage-answers.ts';

const FIL = 10n ** 18n;

let rig: SealingRig;
let folder: TestFolder;
let cli: Cli;
let coordinator: { stop(): Promise<void> };
let miner: string;

beforeAll(async () => {
  rig = await createSealingRig({ blockTimeMs: 100 }, { pollMs: 100 });
  folder = await createTestFolder();
  cli = new Cli(rig.env);
  miner = idAddress(rig.miner, 't');
  await rig.set('chain.nodes', rig.node);
  coordinator = startSealing(rig.modules, [pledgeDuty(rig.modules)]);
});
afterAll(async () => {
  await coordinator.stop();
  await folder.remove();
  await rig[Symbol.asyncDispose]();
});

const messagesFor = async (purpose: string): Promise<MessageRow[]> =>
  (await listMessages(rig.modules.db.kysely, { limit: 500 })).filter((row) => row.purpose === purpose);

interface Shown {
  readonly chain: {
    readonly available: string;
    readonly standing: { readonly feeDebt: string; readonly blocked: { readonly code: string } | null };
    readonly accounts: readonly { address: string; roles: string[]; sends: string[]; balance: string }[];
  };
}
const show = async (): Promise<Shown> => (await cli.json('miner', 'show', miner)) as Shown;

/** What the API shows follows a change of the state by a tipset. */
const shows = (what: string, condition: (shown: Shown) => boolean): Promise<Shown> =>
  waitFor(
    async () => {
      const shown = await show();
      return condition(shown) && shown;
    },
    { what, deadlineMs: 20_000 },
  );

describe('miner withdraw', () => {
  test('pays out to the owner, and is followed to its end', async () => {
    const before = BigInt((await show()).chain.available);
    const done = (await cli.json(
      'miner',
      'withdraw',
      miner,
      '10 FIL',
      '--yes',
      '--wait',
      '--timeout',
      '50s',
    )) as {
      exitCode: number;
    };
    expect(done.exitCode).toBe(0);
    const [row] = await messagesFor('withdraw');
    expect(row).toMatchObject({ method: 16, value: 0n, state: 'final', max_fee: FIL / 5n });
    // The miner makes the blocks here, so tips come in.
    const left = BigInt((await show()).chain.available) - (before - 10n * FIL);
    expect(left).toBeGreaterThanOrEqual(0n);
    expect(left).toBeLessThan(FIL / 100n);
  });

  test.each([
    ['more than there is', ['1000000000 FIL', '--yes'], 1, 'MINER_BALANCE_SHORT'],
    ['an amount without a unit', ['10', '--yes'], 2, 'INPUT_INVALID'],
    ['without a word from anybody', ['1 FIL'], 1, 'CONFIRMATION_MISSING'],
  ])('refuses %s', async (_what, words, exit, code) => {
    const before = (await messagesFor('withdraw')).length;
    expect(await cli.failure('miner', 'withdraw', miner, ...words)).toMatchObject({ exit, code });
    expect(await messagesFor('withdraw')).toHaveLength(before);
  });

  test('follows its fee setting and its own purpose', async () => {
    await cli.json(
      'fee',
      'set',
      'withdraw',
      '--max',
      '150 milliFIL',
      '--urgent-max',
      '150 milliFIL',
      '--miner',
      miner,
    );
    await rig.modules.settings.refresh();
    const { maxFee } = (await cli.json('miner', 'withdraw', miner, '1 FIL', '--yes')) as { maxFee: string };
    expect(BigInt(maxFee)).toBe((15n * FIL) / 100n);
  });
});

describe('miner control', () => {
  test('sets control addresses, which then send by purpose; window PoSts keep one of their own', async () => {
    const { chain } = rig.modules;
    const operator = rig.devnet.accounts.operator ?? '';
    const second = await chain.walletNew('secp256k1');
    await cli.json(
      'wallet',
      'send',
      operator,
      second,
      '5 FIL',
      '--miner',
      miner,
      '--yes',
      '--wait',
      '--timeout',
      '50s',
    );
    expect(await chain.walletBalance(second)).toBe(5n * FIL);
    await cli.json('miner', 'control', 'set', miner, operator, second, '--yes', '--wait', '--timeout', '50s');
    const [row] = await messagesFor('control');
    expect(row).toMatchObject({ method: 3, exit_code: 0 });
    await cli.json('setting', 'set', 'sender.precommit', operator, '--scope', `miner:${rig.miner}`);
    await rig.modules.settings.refresh();
    const shown = await shows('the control addresses', ({ chain: { accounts } }) => accounts.length === 3);
    expect(shown.chain.accounts).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ address: operator, roles: ['control'], sends: ['precommit'] }),
        expect.objectContaining({ address: second, roles: ['control'], sends: ['post'] }),
        expect.objectContaining({ roles: ['owner', 'worker'], sends: ['commit', 'terminate'] }),
      ]),
    );
    const { stdout } = await cli.run('miner', 'control', 'list', miner);
    expect(stdout).toContain(second);

    const [number = -1] = await pledgeSectors(rig.modules, { miner: rig.miner, count: 1 });
    const landing = await landingAnswer(rig);
    await waitFor(
      async () => {
        await rig.work({ landing });
        const state = await whyWaiting(rig.modules.db.kysely, { miner: rig.miner, number });
        return state.includes('WindowPoSt');
      },
      { what: 'the sector proving', deadlineMs: 40_000 },
    );
    expect((await messagesFor('precommit')).at(-1)?.from_address).toBe(operator);
    const worker = await accountKey(chain, (await chain.stateMinerInfo(miner, [])).worker);
    expect((await messagesFor('commit')).at(-1)?.from_address).toBe(worker);
  });

  test('the same sender for window PoSts and batches is refused when it is set', async () => {
    const operator = rig.devnet.accounts.operator ?? '';
    const words = ['setting', 'set', 'sender.post', operator, '--scope', `miner:${rig.miner}`];
    expect(await cli.failure(...words)).toMatchObject({ exit: 2, code: 'SETTING_VALUE_INVALID' });
    await cli.json('setting', 'set', 'sender.post_shared', 'true');
    await cli.json(...words);
    await cli.json('setting', 'reset', 'sender.post', '--scope', `miner:${rig.miner}`);
    await cli.json('setting', 'reset', 'sender.post_shared');
  });

  test('another worker is asked for, and confirmed no earlier than the chain lets it', async () => {
    const { chain } = rig.modules;
    const next = await chain.walletNew('bls');
    const operator = rig.devnet.accounts.operator ?? '';
    await cli.json(
      'wallet',
      'send',
      operator,
      next,
      '1 FIL',
      '--miner',
      miner,
      '--yes',
      '--wait',
      '--timeout',
      '50s',
    );
    const words = ['miner', 'control', 'set', miner, operator, '--worker', next];
    await cli.json(...words, '--yes', '--wait', '--timeout', '50s');
    const listed = await waitFor(
      async () => {
        const found = (await cli.json('miner', 'control', 'list', miner)) as { newWorker: string | null };
        return found.newWorker !== null && found;
      },
      { what: 'the new worker pending' },
    );
    expect(await accountKey(chain, listed.newWorker ?? '')).toBe(next);
    const early = await cli.failure('miner', 'control', 'confirm-worker', miner, '--yes');
    expect(early).toMatchObject({ code: 'INPUT_INVALID' });
  });
});

describe('what the chain holds against a miner', () => {
  const stands = async () => (await listBlockedBatches(rig.modules.db.kysely, rig.miner))[0];

  /** Sectors that are sealed and wait for their pre-commit. */
  async function waiting(): Promise<number> {
    const [number = -1] = await pledgeSectors(rig.modules, { miner: rig.miner, count: 1 });
    await waitFor(
      async () => {
        await rig.work();
        const why = await whyWaiting(rig.modules.db.kysely, { miner: rig.miner, number });
        return why.startsWith('a pre-commit batch');
      },
      { what: 'the sector sealed', deadlineMs: 30_000 },
    );
    return number;
  }
  const goesOn = (number: number) =>
    waitFor(
      async () =>
        !(await whyWaiting(rig.modules.db.kysely, { miner: rig.miner, number })).startsWith(
          'a pre-commit batch',
        ),
      { what: 'the pre-commit on its way', deadlineMs: 20_000 },
    );

  test('a fee debt holds pre-commits and automatic pledging back until it is repaid', async () => {
    rig.devnet.control.setFeeDebt(miner, 10n ** 6n * FIL);
    await shows('the debt', ({ chain }) => chain.standing.blocked?.code === 'MINER_FEE_DEBT');
    const number = await waiting();
    const still = await waitFor(stands, { what: 'the reason', deadlineMs: 20_000 });
    expect(still).toMatchObject({ activity: 'precommit', blocked_code: 'MINER_FEE_DEBT' });
    const why = await whyWaiting(rig.modules.db.kysely, { miner: rig.miner, number });
    expect(why).toContain('MINER_FEE_DEBT');
    const listed = (await cli.json('miner', 'list')) as { blocked: string }[];
    expect(listed[0]?.blocked).toBe('MINER_FEE_DEBT');

    await rig.set('pledge.auto', 'true');
    await waitFor(
      async () => (await listPledgeDecisions(rig.modules.db.kysely))[0]?.reason.includes('owes') ?? false,
      { what: 'automatic pledging stopped', deadlineMs: 20_000 },
    );
    await rig.set('pledge.auto', 'false');

    // What the balance lacks the sender brings.
    await cli.json('miner', 'repay-debt', miner, '--yes', '--wait', '--timeout', '50s');
    const [row] = await messagesFor('repay-debt');
    expect(row).toMatchObject({ method: 22, exit_code: 0 });
    expect(row?.value).toBeGreaterThan(10n ** 5n * FIL);
    await shows('no debt', ({ chain }) => chain.standing.feeDebt === '0');
    await goesOn(number);
    await waitFor(async () => (await stands()) === undefined, { what: 'the reason gone' });
    expect(await cli.failure('miner', 'repay-debt', miner, '--yes')).toMatchObject({ code: 'INPUT_INVALID' });
  });

  test('a debt that the balance covers holds nothing back: the chain burns it with the pre-commit', async () => {
    // All that was unlocked went into the debt before.
    const worker = rig.devnet.accounts.worker ?? '';
    const words = ['wallet', 'send', worker, miner, '10 FIL', '--miner', miner];
    await cli.json(...words, '--yes', '--wait', '--timeout', '50s');
    rig.devnet.control.setFeeDebt(miner, FIL);
    await shows('the debt', ({ chain }) => chain.standing.feeDebt === String(FIL));
    const number = await waiting();
    await goesOn(number);
    await shows('no debt', ({ chain }) => chain.standing.feeDebt === '0');
  });

  test('a consensus fault holds pre-commits back until its last epoch', async () => {
    const until = rig.devnet.control.height + 60;
    rig.devnet.control.setConsensusFault(miner, until);
    await shows('the fault', ({ chain }) => chain.standing.blocked?.code === 'MINER_CONSENSUS_FAULT');
    const number = await waiting();
    const still = await waitFor(stands, { what: 'the reason', deadlineMs: 20_000 });
    expect(still).toMatchObject({ blocked_code: 'MINER_CONSENSUS_FAULT' });
    await goesOn(number);
    const message = (await messagesFor('precommit')).at(-1);
    const { height } = await rig.modules.chain.chainHead();
    expect(height).toBeGreaterThan(until);
    expect(message?.error_code).toBeNull();
  });
});

describe('wallet', () => {
  const setUp = async () => {
    const path = join(folder.path, 'keys.json');
    writeFileSync(join(folder.path, 'password'), 'correct horse\n');
    return `store ${path} password=file:${join(folder.path, 'password')}`;
  };

  test('without a key store says how to name one', async () => {
    expect(await cli.failure('wallet', 'new', 'bls')).toMatchObject({ code: 'WALLET_NO_STORE' });
  });

  test('makes, lists, imports and exports keys, and shows them to nobody unasked', async () => {
    await rig.set('wallet.signers', `node, ${await setUp()}`);
    const made = (await cli.json('wallet', 'new', 'bls')) as { address: string; type: string };
    expect(made).toMatchObject({ type: 'bls', address: expect.stringMatching(/^t3/) });

    const key = generateKey('secp256k1');
    const file = join(folder.path, 'lotus-export');
    writeFileSync(file, `${exportKey(key)}\n`, { mode: 0o600 });
    const imported = (await cli.json('wallet', 'import', file)) as { address: string };
    expect(imported.address).toBe(addressOfKey(key, 't'));
    expect(await cli.failure('wallet', 'import', file)).toMatchObject({ code: 'WALLET_KEY_EXISTS' });

    const { keys } = (await cli.json('wallet', 'list')) as {
      keys: { address: string; kind: string; signer: string | null; balance: string; roles: string[] }[];
    };
    expect(keys.find(({ address }) => address === made.address)).toMatchObject({
      kind: 'bls',
      signer: expect.stringContaining('keys.json'),
      balance: '0',
      roles: [],
    });
    const owner = keys.find(({ address }) => address === rig.devnet.accounts.worker);
    expect(owner).toMatchObject({ signer: 'wallets of the nodes' });
    expect(owner?.roles[0]).toContain(`${miner}: owner, worker`);
    const { stdout: table } = await cli.run('wallet', 'list');
    expect(table).toContain(imported.address);

    const silent = await cli.failure('wallet', 'export', imported.address);
    expect(silent).toMatchObject({ code: 'CONFIRMATION_MISSING' });
    const { stdout } = await cli.run('wallet', 'export', imported.address, '--yes');
    expect(importKey(stdout)).toEqual(key);
    const out = join(folder.path, 'out');
    await cli.json('wallet', 'export', imported.address, '--yes', '--out', out);
    expect(await cli.failure('wallet', 'export', imported.address, '--yes', '--out', out)).toMatchObject({
      code: 'INPUT_INVALID',
    });
    expect(await cli.json('wallet', 'balance', rig.devnet.accounts.operator ?? '')).toHaveLength(1);
  });

  test('a file that holds no key is refused without a word of it', async () => {
    const file = join(folder.path, 'rubbish');
    writeFileSync(file, 'deadbeef-secret');
    const { code, message } = await cli.failure('wallet', 'import', file);
    expect(code).toBe('KEY_MALFORMED');
    expect(message).not.toContain('deadbeef');
  });
});

describe('fee', () => {
  test('lists what applies, where it comes from, and the base fee', async () => {
    await cli.json('fee', 'set', 'commit', '--max', '3 FIL', '--fee-cap', '5 nanoFIL', '--miner', miner);
    const listed = (await cli.json('fee', 'list', '--miner', miner)) as {
      baseFee: { amount: string; epoch: number };
      purposes: { purpose: string; limits: Record<string, { text: string; from: string }> }[];
    };
    const commit = listed.purposes.find(({ purpose }) => purpose === 'commit');
    expect(commit?.limits.max).toMatchObject({ text: '3 FIL', from: `miner:${rig.miner}` });
    expect(commit?.limits.urgent_max).toMatchObject({ from: 'default' });
    expect(BigInt(listed.baseFee.amount)).toBeGreaterThan(0n);
    const { stdout } = await cli.run('fee', 'list', '--miner', miner);
    expect(stdout).toContain(`3 FIL (miner:${rig.miner})`);
    expect(stdout).toContain('The base fee is');
  });

  test('says what does not go together, and takes a limit away', async () => {
    const set = (await cli.json('fee', 'set', 'commit', '--max', '100 FIL')) as { notes: string[] };
    expect(set.notes[0]).toContain('fee.commit.urgent_max');
    await cli.json('fee', 'set', 'commit', '--max', '2 FIL', '--fee-cap', 'none');
    expect(await cli.json('setting', 'get', 'fee.commit.fee_cap')).toMatchObject({ value: '' });
  });

  test.each([
    ['no limit', ['fee', 'set', 'commit'], 'INPUT_INVALID'],
    ['a limit that is no amount', ['fee', 'set', 'commit', '--max', 'cheap'], 'SETTING_VALUE_INVALID'],
    ['a purpose that there is not', ['fee', 'set', 'party', '--max', '1 FIL'], 'INPUT_INVALID'],
  ])('refuses %s', async (_what, words, code) => {
    expect(await cli.failure(...words)).toMatchObject({ exit: 2, code });
  });
});
