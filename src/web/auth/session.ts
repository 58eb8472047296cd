import { createHmac, timingSafeEqual } from 'node:crypto';

/** How long a login lasts without another, in ms: one working day. */
export const SESSION_MS = 12 * 3600 * 1000;

/** A session is its expiry (ms since 1970) and an HMAC-SHA256 over it: nothing is kept on the server. */
export function issueSession(key: Buffer, nowMs: number): string {
  const expires = String(nowMs + SESSION_MS);
  return `${expires}.${mac(key, expires)}`;
}

export function isSessionValid(session: string | undefined, key: Buffer, nowMs: number): boolean {
  const [expires = '', signature = ''] = session?.split('.') ?? [];
  const expected = mac(key, expires);
  if (signature.length !== expected.length) return false;
  return timingSafeEqual(Buffer.from(signature), Buffer.from(expected)) && nowMs < Number(expires);
}

function mac(key: Buffer, text: string): string {
  return createHmac('sha256', key).update(`session:${text}`).digest('base64url');
}
