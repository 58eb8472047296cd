import type { AddressString, CidString } from '#core';
import type { ChainMessage, TipSet } from './tipset.ts';

/** Every message that was included, and where, on any fork. */
export class MessageIndex {
  readonly #byCid = new Map<CidString, { readonly message: ChainMessage; readonly first: TipSet }>();
  readonly #bySlot = new Map<
    string,
    { readonly message: ChainMessage; readonly tipSet: TipSet; readonly index: number }[]
  >();

  add(tipSet: TipSet): void {
    tipSet.messages.forEach((message, index) => {
      if (!this.#byCid.has(message.cid)) this.#byCid.set(message.cid, { message, first: tipSet });
      const { from, nonce } = message.signed.message;
      const slot = slotOf(from, nonce);
      const known = this.#bySlot.get(slot);
      if (known) known.push({ message, tipSet, index });
      else this.#bySlot.set(slot, [{ message, tipSet, index }]);
    });
  }

  /** With the first tipset that was made with it. */
  find(cid: CidString): { readonly message: ChainMessage; readonly first: TipSet } | undefined {
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
