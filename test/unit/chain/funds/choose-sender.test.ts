import { describe, expect, test } from 'vitest';
import { chooseSender, pickSender, type SenderModules } from '#chain';
import { addressOfKey, generateKey, withPrefix } from '#codec';
import { SettingTable } from '#config';
import { BeeproError, type ErrorCode, isBeeproError } from '#core';

const [OWNER, WORKER, CONTROL_A, CONTROL_B, STRANGER] = Array.from({ length: 5 }, () =>
  addressOfKey(generateKey('secp256k1'), 't'),
) as [string, string, string, string, string];
const KEYS: Readonly<Record<string, string>> = {
  t0100: OWNER,
  t0101: WORKER,
  t0102: CONTROL_A,
  t0103: CONTROL_B,
};
const withCode = (code: ErrorCode) => expect.toSatisfy((error: unknown) => isBeeproError(error, code));
const away = new BeeproError('WALLET_SIGNER_AWAY', { signer: 'test', detail: 'told to be' });

interface World {
  readonly settings?: Readonly<Record<string, string>>;
  readonly held?: readonly string[];
  readonly away?: readonly string[];
  readonly balances?: Readonly<Record<string, bigint>>;
  readonly control?: readonly string[];
  readonly owner?: string;
  readonly sender?: string | null;
}

const calls: string[] = [];

function choose(purpose: string, world: World = {}, needed = 100n) {
  const { held = Object.values(KEYS), balances = {}, control = ['t0102', 't0103'], owner = 't0100' } = world;
  calls.length = 0;
  const rows = Object.entries(world.settings ?? {}).map(([name, value]) => ({ name, scope: '*', value }));
  const chain = {
    stateMinerInfo: async () => {
      calls.push('info');
      return { owner, worker: 't0101', controlAddresses: control };
    },
    stateAccountKey: async (id: string) => {
      calls.push(`key ${id}`);
      const key = KEYS[id];
      if (!key) throw new BeeproError('CHAIN_NOT_AN_ACCOUNT', { method: 'StateAccountKey', detail: id });
      return key;
    },
    walletBalance: async (address: string) => {
      calls.push('balance');
      return balances[address] ?? 1_000n;
    },
  };
  const modules = {
    chain,
    settings: new SettingTable(rows, () => undefined),
    signer: {
      has: async (address: string) => {
        if (world.away?.includes(address)) throw away;
        return held.includes(address);
      },
    },
  } as unknown as SenderModules;
  const miner = { id: 1000, worker: WORKER, sender: world.sender ?? null };
  return {
    modules,
    choice: chooseSender(modules, { miner, purpose, needed, key: ['bafyhead'] }),
    again: () => chooseSender(modules, { miner, purpose, needed, key: ['bafyhead'] }),
  };
}

const chosen = async (purpose: string, world?: World, needed?: bigint) =>
  (await choose(purpose, world, needed).choice).address;

describe('chooseSender', () => {
  test.each([
    ['the worker, where nothing else is said', 'precommit', {}, WORKER],
    ['the miner’s sender before the worker', 'commit', { sender: CONTROL_A }, CONTROL_A],
    [
      'the setting before both',
      'commit',
      { sender: CONTROL_A, settings: { 'sender.commit': CONTROL_B } },
      CONTROL_B,
    ],
    ['an id is resolved', 'commit', { settings: { 'sender.commit': 't0103' } }, CONTROL_B],
    ['either prefix', 'commit', { settings: { 'sender.commit': withPrefix(CONTROL_B, 'f') } }, CONTROL_B],
    ['each purpose by its own', 'precommit', { settings: { 'sender.commit': CONTROL_B } }, WORKER],
    [
      'a slip in one list stops no other purpose',
      'post',
      { settings: { 'sender.terminate': 't0999' } },
      CONTROL_A,
    ],
    [
      'who is nothing to the miner is passed over',
      'commit',
      { settings: { 'sender.commit': `${STRANGER}, t0102` } },
      CONTROL_A,
    ],
    [
      'whose key is not here is passed over',
      'commit',
      { held: [CONTROL_B], settings: { 'sender.commit': 't0102,t0103' } },
      CONTROL_B,
    ],
    [
      'whose signer is away is passed over while another can',
      'commit',
      { away: [CONTROL_A], settings: { 'sender.commit': 't0102,t0103' } },
      CONTROL_B,
    ],
    ['window PoSts: a control address that sends nothing else', 'post', { sender: CONTROL_A }, CONTROL_B],
    ['recoveries go as window PoSts do', 'recover', { sender: CONTROL_A }, CONTROL_B],
    ['without one they share the worker', 'post', { control: [] }, WORKER],
    ['or whoever sends the rest', 'post', { control: ['t0102'], sender: CONTROL_A }, CONTROL_A],
    ['extensions go as terminations do', 'extend', { settings: { 'sender.terminate': 't0103' } }, CONTROL_B],
    ['withdrawals: the owner', 'withdraw', { sender: CONTROL_A }, OWNER],
    ['new control addresses: the owner', 'control', {}, OWNER],
    ['a debt: anyone who may', 'repay-debt', { sender: CONTROL_A }, CONTROL_A],
  ] satisfies (readonly [string, string, World, string])[])('%s', async (_what, purpose, world, expected) => {
    expect(await chosen(purpose, world)).toBe(expected);
  });

  test.each([
    ['nobody is allowed', 'commit', { settings: { 'sender.commit': STRANGER } }, 'SENDER_NOT_ALLOWED'],
    [
      'the only one named is no account',
      'commit',
      { settings: { 'sender.commit': 't0999' } },
      'SENDER_NOT_ALLOWED',
    ],
    ['the owner is a multisig', 'withdraw', { owner: 't0999' }, 'SENDER_NOT_ALLOWED'],
    ['no key is here', 'commit', { held: [] }, 'WALLET_KEY_MISSING'],
    ['the only signer is away', 'commit', { away: [WORKER] }, 'WALLET_SIGNER_AWAY'],
    [
      'the batch’s only sender is the window PoSts’',
      'commit',
      { settings: { 'sender.post': 't0101' } },
      'SENDER_SHARED_WITH_POST',
    ],
  ] satisfies (readonly [string, string, World, ErrorCode])[])(
    'refused: %s',
    async (_what, purpose, world, code) => {
      await expect(chosen(purpose, world)).rejects.toEqual(withCode(code));
    },
  );

  test('a batch leaves the window PoSts’ sender alone where it has another, and shares it where that is allowed', async () => {
    const lists = { 'sender.post': 't0102', 'sender.commit': `${CONTROL_A}, t0103` };
    expect(await chosen('commit', { settings: lists })).toBe(CONTROL_B);
    expect(await chosen('post', { settings: lists })).toBe(CONTROL_A);
    expect(await chosen('commit', { settings: { ...lists, 'sender.post_shared': 'true' } })).toBe(CONTROL_A);
  });

  test('asks for balances only where there is a choice, and for the rest once a head', async () => {
    const { modules, choice, again } = choose('commit');
    await choice;
    expect(calls).not.toContain('balance');
    expect(calls.filter((call) => call === 'info')).toHaveLength(1);
    const asked = calls.length;
    await again();
    expect(calls).toHaveLength(asked);
    const miner = { id: 1000, worker: WORKER, sender: null };
    await chooseSender(modules, { miner, purpose: 'commit', needed: 1n, key: ['bafynext'] });
    expect(calls.slice(asked)).toEqual(['info']);
  });

  test('picks by money among several', async () => {
    const world = {
      settings: { 'sender.commit': 't0102,t0103' },
      balances: { [CONTROL_A]: 10n, [CONTROL_B]: 500n },
    };
    expect(await choose('commit', world).choice).toMatchObject({ address: CONTROL_B, covers: true });
    expect(await choose('commit', world, 5n).choice).toMatchObject({ address: CONTROL_A, covers: true });
    expect(await choose('commit', world, 10n ** 18n).choice).toMatchObject({
      address: CONTROL_B,
      covers: false,
    });
  });
});

describe('pickSender', () => {
  const [a, b, c] = [
    { address: 'a', balance: 5n },
    { address: 'b', balance: 20n },
    { address: 'c', balance: 30n },
  ] as const;
  test.each([
    ['nobody', [], 1n, undefined],
    ['the first that covers, not the richest', [a, b, c], 10n, { address: 'b', covers: true }],
    ['the first choice', [c, b], 10n, { address: 'c', covers: true }],
    ['exactly enough is enough', [a], 5n, { address: 'a', covers: true }],
    ['the richest where none covers', [a, c, b], 100n, { address: 'c', covers: false }],
    ['of two alike the first', [a, { ...a, address: 'd' }], 100n, { address: 'a', covers: false }],
  ])('%s', (_what, candidates, needed, expected) => {
    const picked = pickSender(candidates, needed);
    if (expected) expect(picked).toMatchObject(expected);
    else expect(picked).toBeUndefined();
  });

  test('says how much is missing', () => {
    expect(pickSender([a, b], 10n ** 18n)?.reason).toBe('the richest of 2, with 20 attoFIL of 1 FIL needed');
  });
});
