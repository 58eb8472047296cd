import type { BeeproError } from '#core';

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

export function exitCodeOf(error: BeeproError): ExitCode {
  if (error.code === 'NOT_FOUND') return EXIT.notFound;
  if (error.code === 'INPUT_INVALID') return EXIT.usage;
  return error.severity === 'temporary' ? EXIT.temporary : EXIT.refused;
}
