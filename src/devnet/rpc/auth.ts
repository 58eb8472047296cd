import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { nodeFile } from '../storage/node-file.ts';
import type { StateFolder } from '../storage/state-folder.ts';

/** Source: Lotus `api/permissioned`: each includes what comes before it. */
export const PERMISSIONS = ['read', 'write', 'sign', 'admin'] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** What a caller without a token may do. */
export const ANONYMOUS: readonly Permission[] = ['read'];

const HEADER = encode(JSON.stringify({ alg: 'HS256', typ: 'JWT' }));

function encode(data: string | Buffer): string {
  return Buffer.from(data).toString('base64url');
}

/** Signs and checks tokens as Lotus does: JWT, HS256, the permissions under `Allow`. */
export class TokenAuthority {
  readonly #secret: Buffer;

  constructor(secret: Buffer) {
    this.#secret = secret;
  }

  /** The secret of one of the folder's nodes; made when it has none. */
  static in(folder: StateFolder, node = 0): TokenAuthority {
    const file = nodeFile('jwt-secret', node);
    const kept = folder.read(file);
    if (kept) return new TokenAuthority(Buffer.from(kept, 'hex'));
    const secret = randomBytes(32);
    folder.write(file, secret.toString('hex'));
    return new TokenAuthority(secret);
  }

  issue(allow: readonly Permission[]): string {
    const body = `${HEADER}.${encode(JSON.stringify({ Allow: allow }))}`;
    return `${body}.${this.#sign(body)}`;
  }

  issueFor(highest: Permission): string {
    return this.issue(PERMISSIONS.slice(0, PERMISSIONS.indexOf(highest) + 1));
  }

  /** What the token allows; undefined when it is not one of ours. */
  verify(token: string): readonly Permission[] | undefined {
    const [header, payload, signature] = token.split('.');
    if (header === undefined || payload === undefined || signature === undefined) return undefined;
    const expected = Buffer.from(this.#sign(`${header}.${payload}`));
    const given = Buffer.from(signature);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    const { Allow: allow } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { Allow?: unknown };
    return Array.isArray(allow) ? PERMISSIONS.filter((permission) => allow.includes(permission)) : undefined;
  }

  #sign(body: string): string {
    return createHmac('sha256', this.#secret).update(body).digest('base64url');
  }
}
