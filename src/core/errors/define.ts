/**
 * temporary: trying again later may succeed; the system retries with back-off.
 * permanent: trying the same again cannot succeed; the sector is redone from an earlier step or parked.
 * fatal: the process cannot go on; it stops and says why.
 */
export type Severity = 'temporary' | 'permanent' | 'fatal';

export interface ErrorDefinition {
  readonly severity: Severity;
  /** One sentence; `{name}` is filled from the error's data. */
  readonly message: string;
  /** What the operator does about it. */
  readonly cure: string;
}

/** Keeps a domain's codes as literal types. Each domain has a file of its own beside this one. */
export function defineErrors<const T extends Record<string, ErrorDefinition>>(errors: T): T {
  return errors;
}
