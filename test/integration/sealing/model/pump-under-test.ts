import { type ChainApi, createMessagePump, type MessageModules, networkPolicy } from '#chain';
import { addressOfKey, generateKey, type SignedMessage, signingBytes, signWithKey, toBase64 } from '#codec';
import { type Database, insertMessage, type MessageRow } from '#db';
import { poolOfOne } from '#testing';
import type { Signer } from '#wallet';
import { MINER } from '../../db/fixtures.ts';
import { ModelNetwork, type ModelNode } from './model-network.ts';

const TABLES = [
  'message_node',
  'message_version',
  'message_sector',
  'message',
  'foreign_message',
  'sender',
] as const;
type Dump = ReadonlyMap<string, readonly Record<string, unknown>[]>;

const key = generateKey('secp256k1');
export const FROM = addressOfKey(key, 't');
const TO = addressOfKey(generateKey('secp256k1'), 't');
/** Deep enough that no reorg of the model undoes what is final. */
export const CONFIDENCE = 5;
const MAX_FEE = 10n ** 10n;

/** The pump over a model of the chain and rows of a real database, to be crashed at any call that it makes. */
export class PumpUnderTest {
  readonly network = new ModelNetwork(2);
  readonly database: Database;
  readonly notes: string[] = [];
  #pump = createMessagePump(this.#modules(undefined));
  #dump: Dump | undefined;
  hasRestored = false;
  #values = 0n;

  constructor(database: Database) {
    this.database = database;
    this.#pump = createMessagePump(this.#modules(undefined));
  }

  async clear(): Promise<void> {
    for (const table of TABLES) await this.database.kysely.deleteFrom(table).execute();
  }

  rows(): Promise<MessageRow[]> {
    return this.database.kysely.selectFrom('message').selectAll().orderBy('id').execute();
  }

  /** Every intent transfers another amount, so that its content is told from all others. */
  async intend(): Promise<void> {
    this.#values += 1n;
    await insertMessage(this.database.kysely, {
      miner: MINER,
      purpose: 'send',
      from_address: FROM,
      to_address: TO,
      method: 0,
      value: this.#values,
      params: '',
      max_fee: MAX_FEE,
    });
  }

  /** Other software with the same key. */
  pushForeign(node: ModelNode): void {
    const message = {
      ...{ version: 0, to: FROM, from: FROM, nonce: node.nextNonce(FROM), value: 10n ** 15n },
      ...{ gasLimit: 1_000_000n, gasFeeCap: 10n ** 6n, gasPremium: 60n, method: 0, params: new Uint8Array() },
    };
    const signature = signWithKey(key, signingBytes(message));
    node.push({ message, signature });
  }

  async pass(step: 'send' | 'watch' | 'reconcile'): Promise<void> {
    await this.hurry();
    try {
      await this.#pump[step]();
    } catch {
      // As the duty does: the next pass tries again.
    }
  }

  /** A pass that dies at its n-th call from outside, before or after the call has done its work. */
  async crash(step: 'send' | 'watch', at: number, isDone: boolean): Promise<void> {
    await this.hurry();
    const died = Promise.withResolvers<void>();
    const pump = createMessagePump(this.#modules({ at, isDone, died: () => died.resolve() }));
    await Promise.race([pump[step]().catch(() => undefined), died.promise]);
    this.restart();
  }

  restart(): void {
    this.#pump = createMessagePump(this.#modules(undefined));
  }

  async dump(): Promise<void> {
    const dump = new Map<string, readonly Record<string, unknown>[]>();
    for (const table of TABLES)
      dump.set(table, await this.database.kysely.selectFrom(table).selectAll().execute());
    this.#dump = dump;
  }

  /** The database is as it was at the dump; the chain is not. */
  async restore(): Promise<boolean> {
    if (!this.#dump) return false;
    await this.clear();
    for (const table of TABLES.toReversed()) {
      const rows = this.#dump.get(table) ?? [];
      if (rows.length > 0)
        await this.database.kysely
          .insertInto(table)
          .values(rows as never)
          .execute();
    }
    this.hasRestored = true;
    this.restart();
    return true;
  }

  /** Back-offs are not what is tested. */
  async hurry(): Promise<void> {
    await this.database.kysely.updateTable('message').set({ not_before: null }).execute();
    await this.database.kysely.updateTable('message_node').set({ not_before: null }).execute();
  }

  #modules(crash: CrashPlan | undefined): MessageModules {
    const calls = new CallCounter(crash);
    const nodes = this.network.nodes.map((node) => calls.wrap(node.api()) as ChainApi);
    const [first] = nodes;
    if (!first) throw new Error('the model has no node');
    const signer: Signer = calls.wrap({
      name: 'model',
      addresses: () => Promise.resolve([FROM]),
      has: () => Promise.resolve(true),
      sign: (_from: string, data: Uint8Array) => Promise.resolve(signWithKey(key, data)),
    });
    return {
      db: this.database,
      chain: Object.assign(poolOfOne({ ...first }), { inRotation: () => Promise.resolve(nodes) }),
      signer,
      rules: {
        confidence: () => CONFIDENCE,
        pushAgainMs: () => 0,
        replaceAfterMs: () => 0,
        replacements: () => 30,
        fillGapsAfterMs: () => 1,
        caps: (message) => ({ maxFee: message.max_fee, overestimation: 1.25 }),
        policy: () => networkPolicy(28),
      },
      bind: () => Promise.resolve(),
      note: (note) => this.notes.push(note.what),
    };
  }
}

interface CrashPlan {
  readonly at: number;
  readonly isDone: boolean;
  readonly died: () => void;
}

/** Counts the calls of what it wraps; the one that is chosen never answers, nor does any after it. */
class CallCounter {
  #left: number;
  readonly #plan: CrashPlan | undefined;

  constructor(plan: CrashPlan | undefined) {
    this.#plan = plan;
    this.#left = plan?.at ?? Number.POSITIVE_INFINITY;
  }

  wrap<T extends object>(api: T): T {
    const wrapped = Object.entries(api).map(([name, value]) => [
      name,
      typeof value === 'function' ? (...args: unknown[]) => this.#call(() => value(...args)) : value,
    ]);
    return Object.fromEntries(wrapped) as T;
  }

  async #call(work: () => Promise<unknown>): Promise<unknown> {
    this.#left -= 1;
    if (this.#left > 0 || !this.#plan) return work();
    if (this.#left === 0 && this.#plan.isDone) await work().catch(() => undefined);
    this.#plan.died();
    return new Promise(() => undefined);
  }
}

export function contentOf({ message }: SignedMessage): string {
  return `${message.to} ${message.value} ${message.method} ${toBase64(message.params)}`;
}
