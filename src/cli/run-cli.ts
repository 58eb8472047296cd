import { EXIT, type ExitCode } from './exit-codes.ts';
import { buildProgram } from './program.ts';
import { reportFailure } from './report-failure.ts';

/** Runs one command line to its end; failures are told on stderr. Returns the exit code. */
export async function runCli(args: readonly string[]): Promise<ExitCode> {
  process.exitCode = EXIT.ok;
  try {
    const outputError = (text: string, write: (text: string) => void): void => {
      if (!args.includes('--json')) write(text);
    };
    await buildProgram({ outputError }).parseAsync([...args], { from: 'user' });
    // A command that has its say and still did not find all well (an audit, a role that failed) sets it.
    return process.exitCode as ExitCode;
  } catch (error) {
    return reportFailure(error, args);
  }
}
