import { createLotusClient, createMessagePump, networkPolicy } from '#chain';
import { openDatabase } from '#db';
import { poolOfOne } from '#testing';
import { createNodeWallet } from '#wallet';

/**
 * A pump as a process of its own, to be killed where BEEPRO_KILL_AT says: passes until it has made PASSES of them.
 */
const env = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
};

const database = openDatabase({
  url: env('PUMP_MYSQL_URL'),
  passwordFile: process.env.PUMP_MYSQL_PASSWORD_FILE,
  poolSize: 2,
});
const chain = poolOfOne(createLotusClient({ url: env('PUMP_NODE'), token: () => env('PUMP_TOKEN') }));
const pump = createMessagePump({
  db: database,
  chain,
  signer: createNodeWallet(chain),
  rules: {
    confidence: () => 3,
    pushAgainMs: () => 0,
    replaceAfterMs: () => 0,
    replacements: () => 8,
    fillGapsAfterMs: () => 1,
    caps: (message) => ({ maxFee: message.max_fee, overestimation: 1.25 }),
    policy: () => networkPolicy(28),
  },
  bind: () => Promise.resolve(),
  note: () => undefined,
});
for (let pass = 0; pass < Number(env('PUMP_PASSES')); pass++) {
  await pump.reconcile();
  await pump.send();
  await pump.watch();
}
await database.close();
await chain.close();
