import type { Bytes } from '#core';
import type { GeneratedRecord } from './generated-records.ts';
import type { Published } from './published.ts';

/**
 * - `missing`: the file is not there.
 * - `published-verified`: its digest is the published one.
 * - `generated`: made on this machine, and unchanged since; worth nothing outside test networks.
 * - `unknown`: neither, but a whole file: made elsewhere, or altered.
 * - `corrupt`: truncated, or no longer what was generated here.
 */
export type ParameterState = 'missing' | 'published-verified' | 'generated' | 'unknown' | 'corrupt';

/** What is known of a file that is there. */
export interface FileFacts {
  readonly size: Bytes;
  readonly digest: string;
  /** As long as its own content says. */
  readonly whole: boolean;
  readonly published: Published;
  readonly record: GeneratedRecord | undefined;
}

/** The state of a file; the published digest decides before anything that was recorded here. */
export function classify(facts: FileFacts | undefined): ParameterState {
  if (!facts) return 'missing';
  if (facts.digest === facts.published.digest) return 'published-verified';
  if (facts.record) return facts.digest === facts.record.digest ? 'generated' : 'corrupt';
  if (!facts.whole) return 'corrupt';
  const expected = facts.published.bytes;
  return expected === undefined || expected === facts.size ? 'unknown' : 'corrupt';
}
