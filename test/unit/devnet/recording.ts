import { readFileSync } from 'node:fs';

export interface Recording {
  readonly http_status: number;
  readonly request: { readonly method: string; readonly params: readonly unknown[] };
  readonly response: { readonly result?: unknown; readonly error?: { code: number; message: string } };
}

/** A recorded exchange with a real Lotus, by its number and name. */
export function recording(name: string): Recording {
  const url = new URL(`../../fixtures/lotus-rpc/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(url, 'utf8')) as Recording;
}
