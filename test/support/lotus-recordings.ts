import { readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { LOTUS_METHODS, type LotusMethod, parseJsonText } from '#chain';

/** One exchange with a real Lotus v1.36.2 on a private 2 KiB network. */
export interface Recording {
  readonly name: string;
  /** Undefined for a method that is not in the project's contract. */
  readonly method: LotusMethod | undefined;
  readonly auth: string | null;
  readonly request: { readonly method: string; readonly params: readonly unknown[] };
  readonly httpStatus: number;
  readonly response: z.output<typeof schema>['response'];
}

const folder = new URL('../fixtures/lotus-rpc/', import.meta.url);

const schema = z.object({
  auth: z.string().nullable(),
  request: z.object({ method: z.string(), params: z.array(z.unknown()) }),
  http_status: z.number(),
  response: z.union([
    z.string(),
    z.object({
      result: z.unknown().optional(),
      error: z.object({ code: z.number(), message: z.string() }).optional(),
    }),
  ]),
});

/** Every HTTP exchange, in order. */
export function lotusRecordings(): readonly Recording[] {
  return readdirSync(folder)
    .filter((name) => /^\d{3}-.*\.json$/.test(name) && !name.includes('-ws-'))
    .sort()
    .map((file) => lotusRecording(file.replace(/\.json$/, '')));
}

/** One of them by its name, such as `049-ChainGetMessage-PreCommitSectorBatch2`, or its number. */
export function lotusRecording(name: string): Recording {
  const file = readdirSync(folder).find((entry) => entry.startsWith(name));
  if (!file) throw new Error(`no recording ${name}`);
  const data = schema.parse(parseJsonText(readFileSync(new URL(file, folder), 'utf8')));
  const method = data.request.method.replace('Filecoin.', '');
  return {
    name: file.replace(/\.json$/, ''),
    method: Object.hasOwn(LOTUS_METHODS, method) ? (method as LotusMethod) : undefined,
    auth: data.auth,
    request: data.request,
    httpStatus: data.http_status,
    response: data.response,
  };
}

/** The `result` of a recording that has one. */
export function recordedResult(name: string): unknown {
  const { response } = lotusRecording(name);
  if (typeof response === 'string' || response.error) throw new Error(`${name} has no result`);
  return response.result;
}

export interface RecordedFrame {
  readonly dir: 'client->node' | 'node->client';
  readonly frame: Readonly<Record<string, unknown>>;
}

/** The WebSocket exchange: a ChainNotify subscription from its request to its end. */
export function recordedSubscription(): readonly RecordedFrame[] {
  const file = readFileSync(new URL('200-ws-ChainNotify.json', folder), 'utf8');
  return (JSON.parse(file) as { frames: RecordedFrame[] }).frames;
}
