import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { BeeproError, sectorBytes } from '#core';
import { detailOf, hasCode } from './file-errors.ts';
import { GENERATED_SIZES, type ParameterSet } from './parameter-set.ts';

/** How far the generator is. */
export interface GenerationProgress {
  /** `wait`, `count`, `synthesise`, `tables`, `h`, `l`, `a`, `b-g1`, `b-g2`, `srs`, `sync`. */
  readonly phase: string;
  /** Share of the work that is done, 0 to 1. */
  readonly fraction: number;
  readonly elapsedMs: number;
}

export interface GenerateOptions {
  /** The sealer program. */
  readonly program: string;
  /** Threads that compute; all cores by default. */
  readonly threads?: number;
  readonly onProgress?: (progress: GenerationProgress) => void;
  readonly signal?: AbortSignal;
}

const line = z.discriminatedUnion('event', [
  z.object({
    event: z.literal('progress'),
    phase: z.string(),
    fraction: z.number(),
    elapsed_ms: z.number(),
  }),
  z.object({ event: z.literal('result'), outcome: z.enum(['generated', 'present', 'removed']) }),
  z.object({ event: z.literal('error'), error: z.object({ code: z.string(), message: z.string() }) }),
]);

type Line = z.infer<typeof line>;

export function canGenerate(set: ParameterSet): boolean {
  return set.size === undefined || GENERATED_SIZES.includes(set.size);
}

/**
 * Generates a parameter set, for test networks; one that is complete is left alone. An interruption leaves
 * nothing behind that would pass for a file of the set.
 * @throws BeeproError `PARAMS_NOT_GENERATED`, `PARAMS_FOREIGN_FILE`, `PARAMS_NO_SPACE`,
 * `PARAMS_GENERATION_FAILED`, `SEALER_NOT_INSTALLED`
 */
export async function generateSet(
  folder: string,
  set: ParameterSet,
  options: GenerateOptions,
): Promise<'generated' | 'present'> {
  if (!canGenerate(set)) throw new BeeproError('PARAMS_NOT_GENERATED', { size: set.size ?? '' });
  const size = set.size === undefined ? [] : ['--sector-size', String(sectorBytes(set.size))];
  const threads = options.threads === undefined ? [] : ['--threads', String(options.threads)];
  const command = ['generate', '--dir', folder, '--kind', set.kind, ...size, ...threads];
  const last = await runParams(command, set.kind, options);
  if (last?.event === 'result' && last.outcome !== 'removed') return last.outcome;
  if (last?.event !== 'error') throw failed(set.kind, 'no result', 'the program ended without one');
  const { code, message } = last.error;
  if (code === 'foreign_file')
    throw new BeeproError('PARAMS_FOREIGN_FILE', { kind: set.kind, detail: message });
  throw failed(set.kind, code, message);
}

/**
 * Removes a file of the folder together with the record of its generation.
 * @throws BeeproError `PARAMS_GENERATION_FAILED`, `SEALER_NOT_INSTALLED`
 */
export async function removeRecorded(folder: string, name: string, program: string): Promise<void> {
  const last = await runParams(['remove', '--dir', folder, '--file', name], 'recorded', { program });
  if (last?.event === 'result') return;
  if (last?.event === 'error') throw failed('recorded', last.error.code, last.error.message);
  throw failed('recorded', 'no result', 'the program ended without one');
}

/** Runs `params …` of the sealer program and returns its last line. */
function runParams(
  command: readonly string[],
  kind: string,
  options: Pick<GenerateOptions, 'program' | 'signal' | 'onProgress'>,
): Promise<Line | undefined> {
  const { program, signal, onProgress } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['params', ...command], {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(signal && { signal }),
    });
    let last: Line | undefined;
    let garbage: string | undefined;
    let complaint = '';
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (text) => {
      const parsed = parseLine(text);
      if (!parsed) garbage ??= text.slice(0, 200);
      else if (parsed.event === 'progress') {
        const { phase, fraction, elapsed_ms: elapsedMs } = parsed;
        onProgress?.({ phase, fraction, elapsedMs });
      } else last = parsed;
    });
    child.stderr.on('data', (text: Buffer) => {
      complaint = `${complaint}${text}`.slice(-2_000);
    });
    child.once('error', (error) => {
      if (signal?.aborted) reject(signal.reason);
      else if (hasCode(error, 'ENOENT'))
        reject(new BeeproError('SEALER_NOT_INSTALLED', { path: program }, { cause: error }));
      else reject(failed(kind, 'not started', detailOf(error)));
    });
    child.once('close', (code, killedBy) => {
      if (last || code === 0) return resolve(last);
      const detail = garbage ?? (complaint.trim() || `the program ended with ${killedBy ?? code}`);
      return reject(failed(kind, killedBy ? `killed by ${killedBy}` : 'crashed', detail));
    });
  });
}

function parseLine(text: string): Line | undefined {
  try {
    return line.parse(JSON.parse(text));
  } catch {
    return undefined; // reported as garbage by the caller when nothing better comes
  }
}

function failed(kind: string, reason: string, detail: string): BeeproError {
  return new BeeproError('PARAMS_GENERATION_FAILED', { kind, reason, detail });
}
