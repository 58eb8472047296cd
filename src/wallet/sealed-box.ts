import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';

/** Cost of deriving a key from the password: N = 2^17, r = 8 take 128 MiB and about half a second. Source: OWASP, scrypt. */
export interface ScryptCost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}
export const DEFAULT_SCRYPT_COST: ScryptCost = { N: 2 ** 17, r: 8, p: 1 };

/** What is written for one secret: everything but the password. Byte strings are base64. */
export interface SealedBox {
  readonly salt: string;
  readonly nonce: string;
  readonly tag: string;
  readonly ciphertext: string;
  readonly cost: ScryptCost;
}

const derive = promisify<string, Buffer, number, object, Buffer>(scrypt);

async function keyOf(password: string, salt: Buffer, { N, r, p }: ScryptCost): Promise<Buffer> {
  return derive(password, salt, 32, { N, r, p, maxmem: 256 * N * r });
}

/** Encrypts with AES-256-GCM under a key that scrypt derives; `label` is authenticated with it. */
export async function seal(
  secret: Uint8Array,
  password: string,
  label: string,
  cost: ScryptCost,
): Promise<SealedBox> {
  const salt = randomBytes(32);
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', await keyOf(password, salt, cost), nonce);
  cipher.setAAD(Buffer.from(label));
  const ciphertext = Buffer.concat([cipher.update(secret), cipher.final()]);
  const text = (bytes: Buffer) => bytes.toString('base64');
  return {
    salt: text(salt),
    nonce: text(nonce),
    tag: text(cipher.getAuthTag()),
    ciphertext: text(ciphertext),
    cost,
  };
}

/** Undefined when the password is wrong, or box or label have been changed. */
export async function unseal(
  box: SealedBox,
  password: string,
  label: string,
): Promise<Uint8Array | undefined> {
  const bytes = (text: string) => Buffer.from(text, 'base64');
  const key = await keyOf(password, bytes(box.salt), box.cost);
  const decipher = createDecipheriv('aes-256-gcm', key, bytes(box.nonce), { authTagLength: 16 });
  decipher.setAAD(Buffer.from(label));
  decipher.setAuthTag(bytes(box.tag));
  const opened = decipher.update(bytes(box.ciphertext));
  try {
    return new Uint8Array(Buffer.concat([opened, decipher.final()]));
  } catch {
    // The only failure of `final` is a tag that does not match.
    return undefined;
  }
}
