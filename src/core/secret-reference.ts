import { readFile } from 'node:fs/promises';
import { BeeproError } from './errors/index.ts';

/**
 * Reads a secret by reference: `env:NAME` or `file:/path` (surrounding white space is cut). Secrets appear nowhere
 * else: not in settings, Redis, logs or pages.
 * @throws BeeproError `SECRET_UNREADABLE`, which names the reference and never the secret
 */
export async function readSecret(reference: string): Promise<string> {
  const [, kind, name] = /^(env|file):(.+)$/.exec(reference) ?? [];
  const fail = (detail: string, cause?: unknown) =>
    new BeeproError('SECRET_UNREADABLE', { reference: kind ? reference : '…', detail }, { cause });
  if (name === undefined) throw fail('a reference begins with env: or file:');
  const secret = kind === 'env' ? process.env[name] : await readText(name, fail);
  const trimmed = secret?.trim();
  if (!trimmed) throw fail(kind === 'env' ? 'the variable is not set' : 'the file is empty');
  return trimmed;
}

async function readText(
  path: string,
  fail: (detail: string, cause: unknown) => BeeproError,
): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw fail(cause instanceof Error ? cause.message : String(cause), cause);
  }
}
