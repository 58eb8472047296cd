import { execFile } from 'node:child_process';
import { z } from 'zod';
import { BeeproError, type Bytes } from '#core';

/** A GPU that `nvidia-smi` lists. */
export interface FoundGpu {
  /** `GPU-…`, as `CUDA_VISIBLE_DEVICES` takes it. */
  readonly uuid: string;
  readonly name: string;
  /** Undefined where it cannot be read. */
  readonly memory: Bytes | undefined;
  /** What it says instead of an answer when the GPU does not work; undefined: it works. */
  readonly trouble: string | undefined;
}

/** One look at this machine's GPUs. */
export type GpuLook =
  | { readonly status: 'seen'; readonly gpus: readonly FoundGpu[] }
  /** There is no `nvidia-smi`, and so no NVIDIA GPU that could be used. */
  | { readonly status: 'no-tool' }
  /** It failed or hung, as it does beside a dead GPU: nothing is known. */
  | { readonly status: 'failed'; readonly detail: string };

const QUERY = ['--query-gpu=uuid,name,memory.total,pstate', '--format=csv,noheader,nounits'];
/** Beside a dying GPU it may hang, in ms. */
const PATIENCE_MS = 20_000;
const MIB = 2 ** 20;

/** What stands in a field for a GPU that is there and does not work: `[GPU is lost]`, `[Unknown Error]`, `ERR!`. */
const TROUBLE = /is lost|unknown error|err!|requires reset|fallen off/i;

const row = z.tuple([
  z.string().regex(/^GPU-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
  z.string(),
  z.string(),
  z.string(),
]);

/**
 * The GPUs in what `nvidia-smi` printed.
 * @throws BeeproError `DEVICE_TOOL_FAILED` when it is no list of GPUs
 */
export function parseGpus(csv: string): readonly FoundGpu[] {
  const lines = csv.split('\n').map((line) => line.trim());
  return lines.flatMap((line) => {
    if (line === '' || /^no devices were found$/i.test(line)) return [];
    const parsed = row.safeParse(line.split(',').map((field) => field.trim()));
    if (!parsed.success) throw new BeeproError('DEVICE_TOOL_FAILED', { detail: `it printed "${line}"` });
    const [uuid, name, memory, pstate] = parsed.data;
    const trouble = [name, memory, pstate].find((field) => TROUBLE.test(field));
    return [{ uuid, name, memory: /^\d+$/.test(memory) ? Number(memory) * MIB : undefined, trouble }];
  });
}

/** @param tool `nvidia-smi`, or the path of another program that answers like it */
export function lookAtGpus(tool: string): Promise<GpuLook> {
  return new Promise((resolve) => {
    const options = { timeout: PATIENCE_MS, killSignal: 'SIGKILL' } as const;
    execFile(tool, QUERY, options, (error, stdout, stderr) => {
      if (error && 'code' in error && error.code === 'ENOENT') resolve({ status: 'no-tool' });
      else if (error?.killed) resolve(failed(`it gave no answer in ${PATIENCE_MS / 1_000} s`));
      else if (error) resolve(lastWords(stdout, stderr, error.message));
      else resolve(read(stdout));
    });
  });
}

/** Where one of several GPUs is gone it may complain, end with an error, and list the others all the same. */
function lastWords(stdout: string, stderr: string, message: string): GpuLook {
  const lines = stdout.split('\n').filter((line) => line.startsWith('GPU-'));
  if (lines.length > 0) return read(lines.join('\n'));
  return failed([stdout, stderr, message].map((text) => text.trim()).find((text) => text !== '') ?? '');
}

function read(stdout: string): GpuLook {
  try {
    return { status: 'seen', gpus: parseGpus(stdout) };
  } catch (error) {
    return failed(error instanceof BeeproError ? String(error.data.detail) : String(error));
  }
}

function failed(detail: string): GpuLook {
  return { status: 'failed', detail: detail.split('\n')[0]?.slice(0, 200) ?? '' };
}
