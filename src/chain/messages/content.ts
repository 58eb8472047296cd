import { type Message, toBase64 } from '#codec';
import type { MessageRow } from '#db';
import type { Gas } from './fee.ts';
import { storedBytes } from './stored-bytes.ts';

/** Gas of zero asks the node for an estimate. */
export const OPEN_GAS: Gas = { limit: 0n, feeCap: 0n, premium: 0n };

/**
 * What the row signs: the message as it was wanted, or, when its nonce is to be freed, a transfer of nothing to the
 * sender itself.
 */
export function messageOf(row: MessageRow, nonce: number, gas: Gas): Message {
  return row.signs_cancel ? selfSend(row.from_address, nonce, gas) : intentOf(row, nonce, gas);
}

export function intentOf(row: MessageRow, nonce: number, gas: Gas): Message {
  return {
    ...envelope(row.from_address, nonce, gas),
    to: row.to_address,
    value: row.value,
    method: row.method,
    params: storedBytes(row.params),
  };
}

export function selfSend(from: string, nonce: number, gas: Gas): Message {
  return { ...envelope(from, nonce, gas), to: from, value: 0n, method: 0, params: new Uint8Array() };
}

function envelope(from: string, nonce: number, gas: Gas) {
  const { limit: gasLimit, feeCap: gasFeeCap, premium: gasPremium } = gas;
  return { version: 0, from, nonce, gasLimit, gasFeeCap, gasPremium };
}

/** Whether a message does what the row wants, whatever it pays. */
export function isContentOf(
  row: Pick<MessageRow, 'to_address' | 'method' | 'value' | 'params'>,
  message: Message,
): boolean {
  return (
    message.to === row.to_address &&
    message.method === row.method &&
    message.value === row.value &&
    toBase64(message.params) === row.params
  );
}

export function isSelfSend(message: Message): boolean {
  return (
    message.to === message.from && message.value === 0n && message.method === 0 && message.params.length === 0
  );
}
