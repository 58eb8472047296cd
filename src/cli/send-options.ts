import { type Command, Option } from 'commander';
import { durationArgument } from './arguments.ts';
import { withJson } from './command-io.ts';

/** How long `--wait` follows a message by default, in ms: more than a confidence of 15 epochs on a busy chain. */
const FOLLOW_MS = 3_600_000;

/** What every command takes that sends a message of the operator's. */
export function withSending(command: Command): Command {
  return withJson(command)
    .option('--yes', 'do it without asking; needed where there is no terminal')
    .option('--wait', 'follow the message until it is final')
    .addOption(
      new Option('--timeout <duration>', 'for so long at most')
        .argParser(durationArgument)
        .default(FOLLOW_MS, '1h'),
    );
}
