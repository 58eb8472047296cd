import type { Command } from 'commander';
import type { Logger } from '#log';
import type { RunningRole } from '#roles';

export interface LogOptions {
  readonly logFile?: string;
}

export function withLogFile(command: Command): Command {
  return command.option('--log-file <file>', 'write the log there, as JSON lines, in place of stdout');
}

/** Runs a role until it is asked to stop; its exit code becomes the process's. */
export async function runRole(
  name: string,
  { logFile }: LogOptions,
  start: (log: Logger, signal: AbortSignal) => Promise<RunningRole>,
): Promise<void> {
  const { createLogger } = await import('#log');
  const { runUntilStopped } = await import('#roles');
  const log = createLogger({ role: name, ...(logFile !== undefined && { file: logFile }) });
  process.exitCode = await runUntilStopped(name, log, (signal) => start(log, signal));
}
