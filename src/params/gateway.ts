import { BeeproError, type Bytes } from '#core';
import { detailOf } from './file-errors.ts';

/** Filecoin's own gateway of published parameters. */
export const DEFAULT_GATEWAY = 'https://proofs.filecoin.io/ipfs/';

/** What a gateway sends: where in the file it begins, and how long the whole file is, if it says so. */
export interface Download {
  readonly start: Bytes;
  readonly total: Bytes | undefined;
  readonly chunks: AsyncIterable<Uint8Array>;
}

export interface DownloadOptions {
  /** The longest silence before the server counts as stalled, ms. */
  readonly stallMs: number;
  readonly signal?: AbortSignal | undefined;
}

export function gatewayUrl(gateway: string, cid: string): string {
  return new URL(cid, gateway.endsWith('/') ? gateway : `${gateway}/`).href;
}

/**
 * Asks for a file from byte `from` on. A server that does not know ranges sends all of it, and `start` is 0; an
 * empty rest comes as a download of no chunks.
 * @throws BeeproError `PARAMS_NOT_AT_GATEWAY`, `PARAMS_HTTP_STATUS`, `PARAMS_STALLED`, `PARAMS_UNREACHABLE`
 */
export async function download(
  url: string,
  name: string,
  from: Bytes,
  options: DownloadOptions,
): Promise<Download> {
  const watch = new StallWatch(url, options);
  try {
    const response = await watch.during(
      fetch(url, {
        signal: watch.signal,
        headers: { 'accept-encoding': 'identity', ...(from > 0 && { range: `bytes=${from}-` }) },
      }),
    );
    const place = placeOf(response, from, name, url);
    if (place.empty || !response.body) {
      await response.body?.cancel();
      watch.end();
      return { ...place, chunks: nothing() };
    }
    return { ...place, chunks: watched(response.body, watch) };
  } catch (error) {
    watch.end();
    throw error;
  }
}

interface Place {
  readonly start: Bytes;
  readonly total: Bytes | undefined;
  readonly empty: boolean;
}

function placeOf(response: Response, from: Bytes, name: string, url: string): Place {
  const { status, headers } = response;
  if (status === 200) {
    const length = headers.get('content-length');
    return { start: 0, total: length === null ? undefined : Number(length), empty: false };
  }
  const range = /^bytes (?:(\d+)-\d+|\*)\/(\d+)$/.exec(headers.get('content-range') ?? '');
  const total = range?.[2] === undefined ? undefined : Number(range[2]);
  if (status === 206 && range?.[1] !== undefined) return { start: Number(range[1]), total, empty: false };
  // 416: nothing lies beyond `from`. Either all is here already, or what is here is no part of the file.
  if (status === 416) return { start: total === from ? from : 0, total, empty: true };
  if (status === 404 || status === 410) throw new BeeproError('PARAMS_NOT_AT_GATEWAY', { name, url });
  throw new BeeproError('PARAMS_HTTP_STATUS', { name, url, status });
}

/** Aborts a download when nothing has come for a while, and tells that from other ends. */
class StallWatch {
  readonly #url: string;
  readonly #options: DownloadOptions;
  readonly #abort = new AbortController();
  readonly #cancel = () => this.#abort.abort();
  #timer: NodeJS.Timeout | undefined;
  #stalled = false;

  constructor(url: string, options: DownloadOptions) {
    this.#url = url;
    this.#options = options;
    options.signal?.throwIfAborted();
    options.signal?.addEventListener('abort', this.#cancel);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Waits for one step of the download, at most as long as a silence may be. */
  async during<T>(step: Promise<T>): Promise<T> {
    this.#timer = setTimeout(() => {
      this.#stalled = true;
      this.#abort.abort();
    }, this.#options.stallMs);
    try {
      return await step;
    } catch (error) {
      throw this.#named(error);
    } finally {
      clearTimeout(this.#timer);
    }
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#options.signal?.removeEventListener('abort', this.#cancel);
    this.#abort.abort();
  }

  #named(error: unknown): unknown {
    const { signal, stallMs } = this.#options;
    if (signal?.aborted) return signal.reason;
    if (this.#stalled) return new BeeproError('PARAMS_STALLED', { url: this.#url, ms: stallMs });
    // fetch says only "fetch failed"; the reason is its cause.
    const cause = error instanceof Error && error.cause ? error.cause : error;
    return new BeeproError(
      'PARAMS_UNREACHABLE',
      { url: this.#url, detail: detailOf(cause) },
      { cause: error },
    );
  }
}

async function* watched(
  body: ReadableStream<Uint8Array>,
  watch: StallWatch,
): AsyncGenerator<Uint8Array, void> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await watch.during(reader.read());
      if (done) return;
      yield value;
    }
  } finally {
    watch.end();
    await reader.cancel().catch(() => undefined); // the connection is gone either way
  }
}

async function* nothing(): AsyncGenerator<Uint8Array, void> {}
