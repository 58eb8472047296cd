import {
  type ChainPool,
  createMessagePump,
  type MessageModules,
  type MessageNote,
  type MessagePump,
  networkPolicy,
} from '#chain';
import { signedMessageCid, toBase64 } from '#codec';
import {
  findMessage,
  insertMessage,
  listMessageVersions,
  type MessageRow,
  type MessageVersionRow,
} from '#db';
import { createSealingRig, type SealingRig } from './sealing-rig.ts';

/** Messages of one sender on a devnet whose blocks come when told, and a pump that rests on rows alone. */
export class MessageBench implements AsyncDisposable {
  readonly rig: SealingRig;
  readonly from: string;
  /** What the pumps have told. */
  notes: MessageNote['what'][] = [];
  #amounts = 100n;

  private constructor(rig: SealingRig) {
    this.rig = rig;
    this.from = rig.devnet.accounts.operator ?? '';
  }

  static async create(): Promise<MessageBench> {
    const rig = await createSealingRig({ paused: true });
    await rig.devnet.control.mine(5);
    return new MessageBench(rig);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.rig[Symbol.asyncDispose]();
  }

  /** A plain transfer of an amount of its own. */
  send(change: Partial<Parameters<typeof insertMessage>[1]> = {}): Promise<number> {
    this.#amounts += 1n;
    return insertMessage(this.rig.modules.db.kysely, {
      miner: this.rig.miner,
      purpose: 'send',
      from_address: this.from,
      to_address: this.rig.devnet.accounts.worker ?? '',
      method: 0,
      value: this.#amounts,
      params: toBase64(new Uint8Array()),
      max_fee: 10n ** 18n,
      ...change,
    });
  }

  async row(id: number): Promise<MessageRow> {
    const found = await findMessage(this.rig.modules.db.kysely, id);
    if (!found) throw new Error(`message ${id} is gone`);
    return found;
  }

  versions(id: number): Promise<MessageVersionRow[]> {
    return listMessageVersions(this.rig.modules.db.kysely, id);
  }

  /** A fresh one each time: what it would remember is in the rows. */
  pump(rules: Partial<MessageModules['rules']> = {}, chain: ChainPool = this.rig.modules.chain): MessagePump {
    return createMessagePump({
      db: this.rig.modules.db,
      chain,
      signer: this.rig.modules.signer,
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
      note: (note) => this.notes.push(note.what),
    });
  }

  /** Due again at once, whatever the back-off. */
  async hurry(): Promise<void> {
    await this.rig.modules.db.kysely.updateTable('message').set({ not_before: null }).execute();
    await this.rig.modules.db.kysely.updateTable('message_node').set({ not_before: null }).execute();
  }

  async toEnd(id: number): Promise<MessageRow> {
    for (let blocks = 0; blocks < 12; blocks++) {
      await this.hurry();
      await this.pump().send();
      await this.rig.devnet.control.mine();
      await this.pump().watch();
      const now = await this.row(id);
      if (['final', 'failed', 'cancelled'].includes(now.state)) return now;
    }
    return this.row(id);
  }

  /** A message of other software that uses the same key. */
  async foreign(): Promise<{ readonly nonce: number; readonly cid: string }> {
    const { from } = this;
    const call = { version: 0, to: from, from, nonce: 0, value: 1n, method: 0, params: new Uint8Array() };
    const signed = await this.rig.modules.chain.mpoolPushMessage(
      { ...call, gasLimit: 0n, gasFeeCap: 0n, gasPremium: 0n },
      null,
    );
    return { nonce: signed.message.nonce, cid: signedMessageCid(signed) };
  }

  /** So dear that nothing that is in the mempool is included. */
  async spike(of: MessageRow): Promise<void> {
    this.rig.devnet.control.setBaseFee((of.gas_fee_cap ?? 0n) * 4n);
    await this.rig.devnet.control.mine(2);
  }

  async nextNonce(): Promise<number> {
    const sender = await this.rig.modules.db.kysely.selectFrom('sender').selectAll().executeTakeFirst();
    return sender?.next_nonce ?? 0;
  }

  /** The rows of these messages as they were when they were intents, and the counter as it was: an older copy. */
  async forget(ids: readonly number[], nextNonce: number): Promise<void> {
    const db = this.rig.modules.db.kysely;
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
}
