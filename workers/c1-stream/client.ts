import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { dirname } from 'node:path';
import { BeeproError, type Bytes, isBeeproError } from '#core';
import { storageError } from '#storage';
import {
  C1_PATH,
  type C1Answer,
  type C1Request,
  CHALLENGE_PATH,
  decodeAnswer,
  encodeRequest,
  HEADERS,
  isSigned,
  sign,
} from './protocol.ts';

export interface FetchC1Options {
  /** `http://10.0.0.5:8850`. */
  readonly address: string;
  readonly secret: string;
  readonly request: Omit<C1Request, 'offset'>;
  /** As MySQL has them. */
  readonly sha256: string;
  readonly size?: Bytes | undefined;
  /** The final name; `<target>.part` holds what has come so far, and is gone on from. */
  readonly target: string;
  readonly signal: AbortSignal;
  /** A peer that is silent for so long, in ms, is given up. */
  readonly stallMs?: number;
  readonly onBytes?: (done: Bytes, total: Bytes) => void;
}

const STALL_MS = 30_000;
/** More than any C1 output has: at 64 GiB about 60 MB. */
const MOST_BYTES = 1024 ** 3;
const LONGEST_CHALLENGE = 256;

/**
 * Fetches C1's output from the worker that holds it. It has its name only when it is whole, has its digest and is on
 * disk. What a broken connection left is gone on from at the next call.
 * @throws BeeproError `WORKER_STREAM_FAILED` (temporary), `SEALER_FILE_MISSING` and `SEALER_DIGEST_MISMATCH` (the other
 * worker says so itself: C1 is to be made again), `STORAGE_…`
 */
export async function fetchC1(options: FetchC1Options): Promise<void> {
  const part = `${options.target}.part`;
  await mkdir(dirname(options.target), { recursive: true, mode: 0o700 });
  const file = await open(part, 'a+', 0o600).catch((error: unknown) => {
    throw storageError(error, part);
  });
  try {
    const { hash, size: offset } = await hashOf(file);
    const { response, answer, challenge } = await ask(options, offset);
    try {
      requireOk(options, answer);
      await receive(options, { file, hash, offset, response, size: answer.size ?? 0 });
    } finally {
      response.destroy();
    }
    if (hash.digest('hex') !== options.sha256) {
      await file.truncate(0);
      throw failed(options, `what came has another digest (challenge ${challenge.slice(0, 16)})`);
    }
    await file.sync().catch((error: unknown) => {
      throw storageError(error, part);
    });
  } finally {
    await file.close();
  }
  await rename(part, options.target);
  const folder = await open(dirname(options.target), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Forgets a local copy, whole or not. */
export async function dropC1(target: string): Promise<void> {
  await rm(target, { force: true });
  await rm(`${target}.part`, { force: true });
}

async function hashOf(file: FileHandle): Promise<{ hash: Hash; size: Bytes }> {
  const hash = createHash('sha256');
  let size = 0;
  const buffer = Buffer.allocUnsafe(1024 * 1024);
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, size);
    if (bytesRead === 0) return { hash, size };
    hash.update(buffer.subarray(0, bytesRead));
    size += bytesRead;
  }
}

interface Asked {
  readonly response: IncomingMessage;
  readonly answer: C1Answer;
  readonly challenge: string;
}

async function ask(options: FetchC1Options, offset: Bytes): Promise<Asked> {
  const challenge = await readChallenge(options);
  const text = encodeRequest({ ...options.request, offset });
  const response = await get(options, C1_PATH, {
    [HEADERS.challenge]: challenge,
    [HEADERS.request]: text,
    [HEADERS.signature]: sign(options.secret, 'request', challenge, text),
  });
  const header = (name: string): string => String(response.headers[name] ?? '');
  const body = header(HEADERS.answer);
  const answer = decodeAnswer(body);
  const signature = header(HEADERS.answerSignature);
  if (answer && isSigned(options.secret, 'answer', challenge, body, signature)) {
    return { response, answer, challenge };
  }
  response.destroy();
  throw failed(
    options,
    response.statusCode === 401
      ? 'it does not accept this worker’s signature: they do not share one secret'
      : `its answer (${response.statusCode}) is not signed with the secret that the workers share`,
  );
}

async function readChallenge(options: FetchC1Options): Promise<string> {
  const response = await get(options, CHALLENGE_PATH, {});
  try {
    let text = '';
    for await (const chunk of response) {
      text += String(chunk);
      if (text.length > LONGEST_CHALLENGE) break;
    }
    if (response.statusCode !== 200 || !/^[0-9a-f.]{1,256}$/.test(text)) {
      throw failed(options, 'what answers there is no worker');
    }
    return text;
  } catch (error) {
    throw isBeeproError(error) ? error : failed(options, error);
  } finally {
    response.destroy();
  }
}

/** The head of an answer; its body is still to come, and a silence of `stallMs` ends it. */
function get(
  options: FetchC1Options,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const stallMs = options.stallMs ?? STALL_MS;
  const url = new URL(path, options.address);
  const request = httpRequest(url, { headers, agent: false, signal: options.signal, timeout: stallMs });
  let response: IncomingMessage | undefined;
  request.on('timeout', () => (response ?? request).destroy(new Error(`it was silent for ${stallMs} ms`)));
  request.on('response', (answer) => {
    response = answer;
    resolve(answer);
  });
  request.on('error', (error) => {
    reject(options.signal.aborted ? options.signal.reason : failed(options, error));
  });
  request.end();
  return promise;
}

async function receive(
  options: FetchC1Options,
  parts: {
    readonly file: FileHandle;
    readonly hash: Hash;
    readonly offset: Bytes;
    readonly response: IncomingMessage;
    readonly size: Bytes;
  },
): Promise<void> {
  const { file, hash, offset, response, size } = parts;
  const limit = options.size ?? MOST_BYTES;
  if (size > limit || offset > size) {
    await file.truncate(0);
    throw failed(options, `it has ${size} bytes, where ${options.size ?? `at most ${limit}`} are expected`);
  }
  let done = offset;
  try {
    for await (const chunk of response) {
      const data = chunk as Buffer;
      done += data.length;
      if (done > size) throw failed(options, `it sends more than the ${size} bytes that it has said`);
      await writeWhole(file, data, `${options.target}.part`);
      hash.update(data);
      options.onBytes?.(done, size);
    }
  } catch (error) {
    if (options.signal.aborted) throw options.signal.reason;
    throw isBeeproError(error) ? error : failed(options, error);
  }
  if (done !== size) throw failed(options, `it ended after ${done} of ${size} bytes`);
}

async function writeWhole(file: FileHandle, data: Buffer, path: string): Promise<void> {
  try {
    // Opened for appending: nothing is ever written over.
    await file.appendFile(data);
  } catch (error) {
    throw storageError(error, path);
  }
}

function requireOk(options: FetchC1Options, answer: C1Answer): void {
  const { source, runId } = options.request;
  switch (answer.status) {
    case 'ok':
      return;
    case 'missing':
      throw new BeeproError('SEALER_FILE_MISSING', {
        detail: `${source} has no output of C1 for run ${runId}`,
      });
    case 'damaged':
      throw new BeeproError('SEALER_DIGEST_MISMATCH', {
        detail: `C1’s output on ${source} is not what C1 wrote`,
      });
    case 'refused':
      throw failed(options, 'it does not know this claim');
    case 'busy':
      throw failed(options, 'it serves as many as it may');
  }
}

function failed(options: FetchC1Options, reason: unknown): BeeproError {
  const detail = reason instanceof Error ? reason.message : String(reason);
  const data = { source: options.request.source, address: options.address, detail };
  return new BeeproError('WORKER_STREAM_FAILED', data, reason instanceof Error ? { cause: reason } : {});
}
