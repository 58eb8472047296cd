import { CommanderError } from 'commander';
import { BeeproError, toBeeproError } from '#core';
import { EXIT, type ExitCode, exitCodeOf } from './exit-codes.ts';
import { toJson } from './output/index.ts';

/** Says what failed and what to do about it, on stderr, as JSON when the command was asked for JSON. */
export function reportFailure(failure: unknown, argv: readonly string[] = process.argv): ExitCode {
  const isJson = argv.includes('--json');
  if (failure instanceof CommanderError) {
    if (failure.exitCode === 0) return EXIT.ok;
    // For people, commander has written its own message, or the help of a group of commands.
    if (isJson)
      writeJson(new BeeproError('INPUT_INVALID', { what: 'The command', detail: usageDetail(failure) }));
    return EXIT.usage;
  }
  const error = toBeeproError(failure);
  if (isJson) writeJson(error);
  else {
    process.stderr.write(`error ${error.code}: ${error.message}\n  → ${error.cure}\n`);
  }
  if (process.env.BEEPRO_LOG_LEVEL === 'debug') process.stderr.write(`${error.stack}\n`);
  return exitCodeOf(error);
}

function writeJson({ code, severity, message, cure, data }: BeeproError): void {
  process.stderr.write(`${toJson({ error: { code, severity, message, cure, data } })}\n`);
}

function usageDetail(error: CommanderError): string {
  if (error.code === 'commander.help') return 'it names a group of commands and none of them';
  return error.message.replace(/^error: /, '');
}
