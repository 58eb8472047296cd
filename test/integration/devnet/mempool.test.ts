import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  addressOfKey,
  generateKey,
  type Message,
  type PrivateKey,
  type SignedMessage,
  signedMessageCid,
  signingBytes,
  signWithKey,
} from '#codec';
import { startTestDevnet, type TestDevnet, wire } from './test-devnet.ts';

let test: TestDevnet;
let key: PrivateKey;
let from: string;
beforeEach(async () => {
  key = generateKey('secp256k1');
  from = addressOfKey(key, 't');
  test = await startTestDevnet({
    genesis: {
      accounts: [
        { name: 'worker', type: 'bls', balance: 10n ** 24n },
        { address: from, balance: 10n ** 20n },
      ],
      miners: [{ owner: 'worker', worker: 'worker', sectorSize: '2KiB', balance: 0n, sectors: [] }],
    },
  });
  await test.devnet.control.mine(2);
});
afterEach(() => test[Symbol.asyncDispose]());

function sign(change: Partial<Message> = {}): SignedMessage {
  const message: Message = {
    version: 0,
    to: test.worker,
    from,
    nonce: 0,
    value: 1n,
    gasLimit: 2_000_000n,
    gasFeeCap: 100_000n,
    gasPremium: 10_000n,
    method: 0,
    params: new Uint8Array(),
    ...change,
  };
  return { message, signature: signWithKey(key, signingBytes(message)) };
}

async function push(signed: SignedMessage): Promise<string> {
  const { body } = await test.rpc('Filecoin.MpoolPush', [
    {
      Message: wire(signed.message),
      Signature: {
        Type: signed.signature.type === 'bls' ? 2 : 1,
        Data: Buffer.from(signed.signature.data).toString('base64'),
      },
    },
  ]);
  if (body?.error) return `${body.error.code}: ${body.error.message}`;
  return (body?.result as { '/': string } | undefined)?.['/'] ?? '';
}

const pending = async () => (await test.lotus.mpoolPending([])).map(({ message }) => message.nonce);

describe('a pushed message', () => {
  it('is known by the CID of the signed message when its key is secp256k1', async () => {
    const signed = sign();
    const cid = await push(signed);
    expect(cid).toBe(signedMessageCid(signed));
    await test.devnet.control.mine(2);
    expect(await test.lotus.stateSearchMsg([], cid, -1, true)).toMatchObject({ message: cid });
    expect(await test.lotus.chainGetMessage(cid)).toEqual(signed.message);
  });

  it('stays pending while its fee cap is below the base fee', async () => {
    test.devnet.control.setBaseFee(1_000_000n);
    await push(sign());
    await test.devnet.control.mine(3);
    expect(await pending()).toEqual([0]);
    test.devnet.control.setBaseFee(100n);
    await test.devnet.control.mine();
    expect(await pending()).toEqual([]);
  });

  it('waits for the nonce before it', async () => {
    await push(sign({ nonce: 1 }));
    await test.devnet.control.mine(2);
    expect(await pending()).toEqual([1]);
    expect(await test.lotus.mpoolGetNonce(from)).toBe(0);
    await push(sign());
    expect(await test.lotus.mpoolGetNonce(from)).toBe(2);
    await test.devnet.control.mine();
    expect(await pending()).toEqual([]);
  });

  it('replaces another by paying a tenth and one more', async () => {
    const first = sign();
    await push(first);
    expect(await push(first)).toBe(
      `1: failed to add locked: message from ${from} with nonce 0 already in mpool: message with nonce already exists`,
    );
    expect(await push(sign({ gasPremium: 11_000n }))).toBe(
      `1: failed to add locked: message from ${from} with nonce 0 already in mpool, increase GasPremium to 11001 from 11000 to trigger replace by fee: replace by fee has too low GasPremium`,
    );
    const replacement = await push(sign({ gasPremium: 11_001n }));
    await test.devnet.control.mine(2);
    const found = await test.lotus.stateSearchMsg([], signedMessageCid(first), -1, true);
    expect(found?.message).toBe(replacement);
    const { body } = await test.rpc('Filecoin.StateSearchMsg', [
      [],
      { '/': signedMessageCid(first) },
      -1,
      false,
    ]);
    expect(body?.error).toMatchObject({ code: 1, message: expect.stringContaining('message was replaced') });
  });

  it('may use the sender’s money once only', async () => {
    const most = 10n ** 20n - 2_000_000n * 100_000n;
    expect(await push(sign({ value: most + 1n }))).toMatch(
      /^1: failed to check balance: not enough funds \(required: 100\.\d+ FIL, balance: 100 FIL\): not enough funds to execute transaction$/,
    );
    await push(sign({ value: most }));
    expect(await push(sign({ nonce: 1 }))).toMatch(
      /^1: failed to check balance: not enough funds including pending messages .*: validation failure$/,
    );
  });
});

describe('what the mempool refuses', () => {
  it.each<readonly [string, Partial<Message>, string]>([
    [
      'a gap of more than four',
      { nonce: 5 },
      'message nonce has too big a gap from expected nonce (Nonce: 5, nextNonce: 0): unfulfilled nonce gap',
    ],
    ['a fee cap below the minimum', { gasFeeCap: 99n, gasPremium: 1n }, 'gas fee cap too low'],
    [
      'a premium above the cap',
      { gasPremium: 100_001n },
      "message not valid for block inclusion: 'GasFeeCap' less than 'GasPremium'",
    ],
    [
      'no gas',
      { gasLimit: 0n },
      "message not valid for block inclusion: 'GasLimit' field 0 must be positive",
    ],
    [
      'less gas than it costs to store',
      { gasLimit: 500_000n },
      "verify msg failed: message will not be included in a block: 'GasLimit' field cannot be less than the cost of storing a message on chain 500000 < ",
    ],
    [
      'more gas than a block has',
      { gasLimit: 10_000_000_001n },
      "'GasLimit' field cannot be greater than a block's gas limit (10000000001 > 10000000000)",
    ],
    ['more than 64 KiB', { params: new Uint8Array(65_536) }, 'message too big'],
  ])('%s', async (_what, change, words) => {
    expect(await push(sign(change))).toContain(words);
    expect(await pending()).toEqual([]);
  });

  it('a nonce that the chain has used', async () => {
    await push(sign());
    await test.devnet.control.mine();
    expect(await push(sign({ value: 2n }))).toBe(
      '1: minimum expected nonce is 1, got 0: message nonce too low',
    );
  });

  it('an unknown sender', async () => {
    key = generateKey('secp256k1');
    const stranger = addressOfKey(key, 't');
    expect(await push(sign({ from: stranger }))).toContain(`resolve address ${stranger}: actor not found`);
  });

  it('a signature over something else, and one by another key', async () => {
    const signed = sign();
    const cid = signedMessageCid({ ...signed, signature: sign({ nonce: 3 }).signature });
    expect(await push({ ...signed, signature: sign({ nonce: 3 }).signature })).toContain(
      `1: signature verification failed: failed to validate signature: invalid signature for message ${cid} (type 1)`,
    );
    const bls = signWithKey(generateKey('bls'), signingBytes({ ...signed.message, from: test.worker }));
    expect(await push({ message: { ...signed.message, from: test.worker }, signature: bls })).toMatch(
      /invalid signature for message \w+ \(type 2\): bls signature failed to verify$/,
    );
  });
});

describe('the operator of the devnet', () => {
  it('can drop a message, and hold one back', async () => {
    const cid = await push(sign());
    test.devnet.control.holdMessage(cid);
    await test.devnet.control.mine();
    expect(await pending()).toEqual([0]);
    expect(test.devnet.control.dropMessage(cid)).toBe(true);
    expect(await pending()).toEqual([]);
    expect(await test.lotus.mpoolGetNonce(from)).toBe(0);
  });

  it('needs an admin’s token', async () => {
    const answer = await test.rpc('Devnet.Mine', [{ blocks: 1 }], test.devnet.tokenFor('sign'));
    expect(answer.body?.error?.message).toBe("missing permission to invoke 'Mine' (need 'admin')");
    const height = test.devnet.control.height;
    expect((await test.rpc('Devnet.Mine', [{ blocks: 2 }])).body?.result).toBe(height + 2);
    expect((await test.rpc('Devnet.Mine', [{ blocks: 0 }])).body?.error?.code).toBe(-32602);
  });
});
