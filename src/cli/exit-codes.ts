import type { BeeproError, ErrorCode } from '#core';

/** What the exit code of `beepro` means; `beepro --help` prints it. */
export const EXIT = {
  ok: 0,
  /** The command was understood and cannot be carried out, now or later, as it stands. */
  refused: 1,
  /** The words of the command are wrong. */
  usage: 2,
  /** What it was asked about does not exist. */
  notFound: 3,
  /** A server or the chain could not be reached, or a time limit passed: trying again may succeed. */
  temporary: 4,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Where the severity does not tell: what an operator mistyped, and what there is not. */
const BY_CODE: Partial<Record<ErrorCode, ExitCode>> = {
  INPUT_INVALID: EXIT.usage,
  ADDRESS_MALFORMED: EXIT.usage,
  CID_MALFORMED: EXIT.usage,
  CHAIN_CALL_WRITES: EXIT.usage,
  MONEY_MALFORMED: EXIT.usage,
  QUEUE_NAME_MALFORMED: EXIT.usage,
  SETTING_SCOPE_INVALID: EXIT.usage,
  SETTING_VALUE_INVALID: EXIT.usage,
  NOT_FOUND: EXIT.notFound,
  SETTING_UNKNOWN: EXIT.notFound,
  MINER_UNKNOWN: EXIT.notFound,
  PARAMS_UNKNOWN_FILE: EXIT.notFound,
  PARAMS_ABSENT: EXIT.notFound,
  PIECE_UNKNOWN: EXIT.notFound,
  // Nobody is told to run a command again that has met a bug.
  INTERNAL: EXIT.refused,
};

export function exitCodeOf(error: BeeproError): ExitCode {
  return BY_CODE[error.code] ?? (error.severity === 'temporary' ? EXIT.temporary : EXIT.refused);
}
