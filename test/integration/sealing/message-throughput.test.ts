import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ChainApi, createMessagePump, networkPolicy } from '#chain';
import { addressOfKey, generateKey } from '#codec';
import { insertMessage } from '#db';
import { createMigratedDatabase, type MigratedDatabase, poolOfOne } from '#testing';
import { addMiner, MINER } from '../db/fixtures.ts';
import { ModelNetwork } from './model/model-network.ts';

const MESSAGES = 3_000;
const SENDERS = ['a', 'b', 'c'].map(() => addressOfKey(generateKey('secp256k1'), 't'));

let store: MigratedDatabase;
beforeAll(async () => {
  store = await createMigratedDatabase();
  await addMiner(store.database);
});
afterAll(() => store.drop());

/** A pump over a model of the chain that counts what it is asked. */
function counted() {
  const network = new ModelNetwork(1);
  const [node] = network.nodes;
  if (!node) throw new Error('the model has no node');
  const calls = new Map<string, number>();
  const api = Object.entries(node.api()).map(([name, value]) => [
    name,
    typeof value === 'function'
      ? (...args: never[]) => {
          calls.set(name, (calls.get(name) ?? 0) + 1);
          return (value as (...all: never[]) => unknown)(...args);
        }
      : value,
  ]);
  const pump = createMessagePump({
    db: store.database,
    chain: poolOfOne(Object.fromEntries(api) as ChainApi),
    signer: {
      name: 'nobody',
      addresses: () => Promise.resolve([]),
      has: () => Promise.resolve(false),
      sign: () => Promise.reject(new Error('nothing is to be signed')),
    },
    rules: {
      confidence: () => 10,
      pushAgainMs: () => 120_000,
      replaceAfterMs: () => 1_200_000,
      replacements: () => 8,
      fillGapsAfterMs: () => 600_000,
      caps: (message) => ({ maxFee: message.max_fee, overestimation: 1.25 }),
      policy: () => networkPolicy(28),
    },
    bind: () => Promise.resolve(),
    note: () => undefined,
  });
  const asked = async (work: () => Promise<unknown>) => {
    calls.clear();
    await work();
    return [...calls.values()].reduce((sum, count) => sum + count, 0);
  };
  return { network, node, pump, asked };
}

/** Rows of each sender: `landed` ones below its nonce, of 64 KiB each as full batches are. */
async function fill(state: 'landed' | 'intent'): Promise<void> {
  await sql`DELETE FROM message`.execute(store.database.kysely);
  await sql`DELETE FROM sender`.execute(store.database.kysely);
  for (const [index, from] of SENDERS.entries()) {
    const first = await insertMessage(store.database.kysely, {
      miner: MINER,
      purpose: 'send',
      from_address: from,
      to_address: 't01000',
      method: 0,
      value: 1n,
      params: '',
      max_fee: 1n,
      gas_limit: 1_000_000,
      estimated_epoch: 1,
    });
    const count = MESSAGES / SENDERS.length;
    await sql`INSERT INTO message (miner, purpose, from_address, to_address, method, value, params, max_fee, gas_limit,
        estimated_epoch, state, nonce, execution_epoch, inclusion_epoch, cid)
      SELECT miner, purpose, from_address, to_address, method, value, params, max_fee, gas_limit, estimated_epoch,
        ${state}, IF(${state} = 'landed', seq, NULL), 5, 4, CONCAT('bafy', ${index}, '-', seq)
      FROM message, (SELECT @n := @n + 1 AS seq FROM information_schema.columns a, information_schema.columns b,
        (SELECT @n := 0) start LIMIT ${sql.lit(count - 1)}) numbers WHERE id = ${first}`.execute(
      store.database.kysely,
    );
    if (state === 'landed')
      await sql`UPDATE message SET state = 'landed', nonce = 0, execution_epoch = 5, inclusion_epoch = 4
        WHERE id = ${first}`.execute(store.database.kysely);
    await sql`INSERT INTO sender (address, next_nonce) VALUES (${from}, ${state === 'landed' ? count : 0})`.execute(
      store.database.kysely,
    );
  }
}

it('thousands that have landed and are not deep enough cost a pass a call for each sender', async () => {
  await fill('landed');
  const { network, node, pump, asked } = counted();
  const nonces = new Map(SENDERS.map((from) => [from, MESSAGES / SENDERS.length]));
  network.head = { ...network.head, nonces };
  for (let height = 0; height < 6; height++) network.mine(node);
  // A pump that has just started looks at each once: tipsets may have gone while nobody looked.
  await pump.watch();
  await sql`UPDATE message SET state = 'landed', execution_epoch = 5, not_before = NULL`.execute(
    store.database.kysely,
  );
  network.mine(node);
  // The head, its premium, whether the last one is below it, and one nonce of each sender.
  expect(await asked(() => pump.watch())).toBeLessThanOrEqual(3 + SENDERS.length);
  expect(await asked(() => pump.watch())).toBeLessThanOrEqual(1);
}, 120_000);

it('thousands that wait for a lower base fee cost a pass a few calls for each sender', async () => {
  await fill('intent');
  const { network, node, pump, asked } = counted();
  network.baseFee = 10_000n;
  for (let height = 0; height < 6; height++) network.mine(node);
  // Head and premium once; of each sender its nonce and balance, what the mempool says, and its past, once.
  expect(await asked(() => pump.send())).toBeLessThanOrEqual(3 + SENDERS.length * 9);
  const { rows } = await sql<{ n: number }>`SELECT COUNT(*) AS n FROM message
    WHERE state = 'intent' AND error_code = 'MESSAGE_FEE_OVER_CAP' AND fee_needed > max_fee`.execute(
    store.database.kysely,
  );
  expect(Number(rows[0]?.n)).toBeGreaterThan(0);
  await sql`UPDATE message SET not_before = NULL`.execute(store.database.kysely);
  network.mine(node);
  expect(await asked(() => pump.send())).toBeLessThanOrEqual(2 + SENDERS.length * 3);
}, 120_000);
