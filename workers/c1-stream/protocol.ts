import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

/*
 * One worker asks another for C1's output: GET /v1/challenge, then GET /v1/c1 with the challenge, what is asked for,
 * and the HMAC of both under the secret that the fleet shares. A challenge is good for one request, by the server's
 * own monotonic clock, so clocks that disagree matter as little as recorded requests. The answer is signed too; the
 * file itself is held against the digest that MySQL has.
 */

export const CHALLENGE_PATH = '/v1/challenge';
export const C1_PATH = '/v1/c1';
export const HEADERS = {
  challenge: 'x-beepro-challenge',
  request: 'x-beepro-request',
  signature: 'x-beepro-signature',
  answer: 'x-beepro-answer',
  answerSignature: 'x-beepro-answer-signature',
} as const;

/** How long a challenge may be answered, in ms. */
export const CHALLENGE_MS = 30_000;

const name = z.string().max(96);

/** What is asked for: the input of one claim of one run. Never a path. */
const requestSchema = z.strictObject({
  /** The worker that is asked. */
  source: name,
  /** The worker that asks: the holder of the claim. */
  worker: name,
  runId: z.number().int().positive(),
  attempt: z.number().int().positive(),
  claim: z.number().int().positive(),
  /** Bytes that it has already. */
  offset: z.number().int().nonnegative(),
});
export type C1Request = z.infer<typeof requestSchema>;

const answerSchema = z.object({
  /**
   * `refused`: the run is not this claim's (any more). `missing`, `damaged`: the file is not here, or not the one
   * that C1 wrote. `busy`: too many are served at the moment.
   */
  status: z.enum(['ok', 'refused', 'missing', 'damaged', 'busy']),
  /** Of the whole file, in bytes. */
  size: z.number().int().nonnegative().optional(),
});
export type C1Answer = z.infer<typeof answerSchema>;

/** The least length of the secret that workers share, in characters. */
export const MIN_SECRET = 16;

export function encodeRequest(request: C1Request): string {
  return Buffer.from(JSON.stringify(request)).toString('base64url');
}

export function decodeRequest(text: string): C1Request | undefined {
  return decode(requestSchema, text);
}

export function encodeAnswer(answer: C1Answer): string {
  return Buffer.from(JSON.stringify(answer)).toString('base64url');
}

export function decodeAnswer(text: string): C1Answer | undefined {
  return decode(answerSchema, text);
}

export function sign(secret: string, what: 'request' | 'answer', challenge: string, text: string): string {
  return createHmac('sha256', secret).update(`beepro c1 ${what} v1\n${challenge}\n${text}`).digest('hex');
}

export function isSigned(
  secret: string,
  what: 'request' | 'answer',
  challenge: string,
  text: string,
  signature: string,
): boolean {
  return equal(sign(secret, what, challenge, text), signature);
}

/**
 * Challenges that cost no memory until somebody with the secret has answered one: whoever knocks at the door can
 * crowd out nobody.
 */
export class Challenges {
  readonly #key = randomBytes(32).toString('hex');
  /** Answered ones that are still in their time, with its end. */
  readonly #used = new Map<string, number>();
  readonly #now: () => number;

  /** @param now milliseconds of a clock that never jumps */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  issue(): string {
    const body = `${Math.round(this.#now())}.${randomBytes(16).toString('hex')}`;
    return `${body}.${this.#mac(body)}`;
  }

  /** Made here, in its time, and not answered yet. */
  isOpen(challenge: string): boolean {
    const [, issued, nonce, mac] = /^(\d{1,15})\.([0-9a-f]{32})\.([0-9a-f]{64})$/.exec(challenge) ?? [];
    if (issued === undefined || mac === undefined) return false;
    if (!equal(this.#mac(`${issued}.${nonce}`), mac)) return false;
    return this.#now() - Number(issued) <= CHALLENGE_MS && !this.#used.has(challenge);
  }

  /** The one request that it is good for is there, and signed. */
  use(challenge: string): void {
    const now = this.#now();
    for (const [old, end] of this.#used) {
      if (end > now) break;
      this.#used.delete(old);
    }
    this.#used.set(challenge, now + 2 * CHALLENGE_MS);
  }

  #mac(body: string): string {
    return createHmac('sha256', this.#key).update(body).digest('hex');
  }
}

function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function decode<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    const parsed = schema.safeParse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined; // no JSON
  }
}
