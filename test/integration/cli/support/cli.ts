import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
import { runCli } from '../../../../src/cli/run-cli.ts';

const MAIN = fileURLToPath(new URL('../../../../src/cli/main.ts', import.meta.url));

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The command line, with this environment alone for BeePro. */
export class Cli {
  readonly #env: Environment;

  constructor(env: Environment) {
    this.#env = env;
  }

  with(env: Environment): Cli {
    return new Cli({ ...this.#env, ...env });
  }

  /** As operators run it: a process of its own, which takes half a second to start. */
  spawn(...args: string[]): Promise<CliResult> {
    return collect(this.#start(args, ['ignore', 'pipe', 'pipe']));
  }

  /** Starts a role; its readiness is told by the message that supervisors get. */
  async start(...args: string[]): Promise<RunningCli> {
    const child = this.#start(args, ['ignore', 'pipe', 'pipe', 'ipc']);
    const result = collect(child);
    const ready = once(child, 'message').then(() => undefined);
    const died = result.then(({ code, stdout, stderr }) => {
      throw new Error(`${args.join(' ')} ended with ${code} before it was ready:\n${stdout}\n${stderr}`);
    });
    died.catch(() => undefined);
    await Promise.race([ready, died]);
    return {
      output: () => '',
      stop: (signal = 'SIGTERM') => {
        child.kill(signal);
        return result;
      },
    };
  }

  /** Starts a role without waiting until it is ready. */
  launch(...args: string[]): RunningCli {
    const child = this.#start(args, ['ignore', 'pipe', 'pipe', 'ipc']);
    let output = '';
    child.stdout?.on('data', (text) => {
      output += String(text);
    });
    const result = collect(child);
    return {
      output: () => output,
      stop: (signal = 'SIGTERM') => {
        child.kill(signal);
        return result;
      },
    };
  }

  /** The same within this process: one at a time. */
  async run(...args: string[]): Promise<CliResult> {
    const texts = { stdout: '', stderr: '' };
    const spies = (['stdout', 'stderr'] as const).map((name) =>
      vi.spyOn(process[name], 'write').mockImplementation((text) => {
        texts[name] += String(text);
        return true;
      }),
    );
    for (const name of Object.keys(process.env)) if (name.startsWith('BEEPRO_')) vi.stubEnv(name, undefined);
    for (const [name, value] of Object.entries(this.#env)) vi.stubEnv(name, value);
    try {
      return { code: await runCli(args), ...texts };
    } finally {
      process.exitCode = 0;
      vi.unstubAllEnvs();
      for (const spy of spies) spy.mockRestore();
    }
  }

  /** What a command that succeeds answers with `--json`. */
  async json(...args: string[]): Promise<unknown> {
    const { code, stdout, stderr } = await this.run(...args, '--json');
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}:\n${stderr}`);
    return JSON.parse(stdout);
  }

  /** The exit code and the error of a command that fails. */
  async failure(...args: string[]): Promise<{ exit: number | null; code: string; message: string }> {
    const { code, stdout, stderr } = await this.run(...args, '--json');
    if (code === 0) throw new Error(`${args.join(' ')} succeeded:\n${stdout}`);
    return { exit: code, ...JSON.parse(stderr).error };
  }

  #start(args: readonly string[], stdio: ('ignore' | 'pipe' | 'ipc')[]): ChildProcess {
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('BEEPRO_'));
    const env = { ...Object.fromEntries(inherited), ...this.#env };
    const flags = ['--conditions=development', '--disable-warning=ExperimentalWarning'];
    return spawn(process.execPath, [...flags, MAIN, ...args], { env, stdio });
  }
}

export interface RunningCli {
  /** What it has written to stdout, of one that was launched. */
  output(): string;
  /** Asks it to stop, and tells how it ended. */
  stop(signal?: NodeJS.Signals): Promise<CliResult>;
}

async function collect(child: ChildProcess): Promise<CliResult> {
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...texts };
}
