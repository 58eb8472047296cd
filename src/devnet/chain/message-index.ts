import type { AddressString, CidString } from '#core';
import type { ChainMessage, TipSet } from './tipset.ts';

/** Every message the node has seen, and where it was included, on any fork. */
export class MessageIndex {
  readonly #byCid = new Map<CidString, ChainMessage>();
  readonly #bySlot = new Map<
    string,
    { readonly message: ChainMessage; readonly tipSet: TipSet; readonly index: number }[]
  >();

  /** Remembers a message that was pushed: it can be asked for even when another took its place. */
  remember(message: ChainMessage): void {
    this.#byCid.set(message.cid, message);
  }

  add(tipSet: TipSet): void {
    tipSet.messages.forEach((message, index) => {
      this.#byCid.set(message.cid, message);
      const { from, nonce } = message.signed.message;
      const slot = slotOf(from, nonce);
      const known = this.#bySlot.get(slot);
      if (known) known.push({ message, tipSet, index });
      else this.#bySlot.set(slot, [{ message, tipSet, index }]);
    });
  }

  find(cid: CidString): ChainMessage | undefined {
    return this.#byCid.get(cid);
  }

  /** Every inclusion of any message with this sender and nonce. */
  inclusions(from: AddressString, nonce: number) {
    return this.#bySlot.get(slotOf(from, nonce)) ?? [];
  }
}

function slotOf(from: AddressString, nonce: number): string {
  return `${from} ${nonce}`;
}
