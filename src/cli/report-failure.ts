import { CommanderError } from 'commander';
import { toBeeproError } from '#core';
import { EXIT, type ExitCode, exitCodeOf } from './exit-codes.ts';
import { toJson } from './output/index.ts';

/** Says what failed and what to do about it, on stderr, as JSON when the command was asked for JSON. */
export function reportFailure(failure: unknown, argv: readonly string[] = process.argv): ExitCode {
  // Commander has already written its own message (or the help that was asked for).
  if (failure instanceof CommanderError) return failure.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const error = toBeeproError(failure);
  if (argv.includes('--json')) {
    const { code, severity, message, cure, data } = error;
    process.stderr.write(`${toJson({ error: { code, severity, message, cure, data } })}\n`);
  } else {
    process.stderr.write(`error ${error.code}: ${error.message}\n  → ${error.cure}\n`);
  }
  if (process.env.BEEPRO_LOG_LEVEL === 'debug') process.stderr.write(`${error.stack}\n`);
  return exitCodeOf(error);
}
