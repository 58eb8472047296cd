import { fromBase64 } from '#codec';
import { BeeproError } from '#core';

/** Bytes as a message's row keeps them. @throws BeeproError `INTERNAL` when the row was damaged */
export function storedBytes(text: string): Uint8Array {
  const bytes = fromBase64(text);
  if (bytes) return bytes;
  throw new BeeproError('INTERNAL', { detail: 'a stored message is not base64' });
}
