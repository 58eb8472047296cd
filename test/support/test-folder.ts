import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A sealer outlives its agent, and one that was just started may still write into its folder while that is removed:
 * tried again then (`ENOTEMPTY`), for four seconds.
 */
const REMOVE = { recursive: true, force: true, maxRetries: 20, retryDelay: 20 } as const;

/** A folder of its own, removed with everything in it. */
export interface TestFolder extends AsyncDisposable {
  readonly path: string;
  remove(): Promise<void>;
}

/** The path is short, so that unix sockets fit below it. */
export async function createTestFolder(): Promise<TestFolder> {
  const path = await mkdtemp(join(tmpdir(), 'beepro-test-'));
  const remove = () => rm(path, REMOVE);
  return { path, remove, [Symbol.asyncDispose]: remove };
}
