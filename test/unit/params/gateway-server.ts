import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ParameterFile } from '#params';

/** How the server treats one request. */
export type Behaviour =
  | 'serve'
  /** Sends everything, whatever range is asked for. */
  | 'ignore-range'
  /** Sends half of what is asked for and hangs up once the client has it (see `received`). */
  | 'hang-up'
  /** Sends half of what is asked for and nothing more. */
  | 'stall'
  /** Accepts the request and never answers. */
  | 'silence'
  | { readonly status: number };

export interface GatewayServer extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly { readonly cid: string; readonly range: string | undefined }[];
  /** What happens to the next requests, one each; afterwards they are served. */
  behave(...behaviours: readonly Behaviour[]): void;
  /** What happens to requests from now on, when no other behaviour is in line. */
  alwaysBehave(behaviour: Behaviour): void;
  /** The client has so many bytes of the file: a broken connection discards what was on its way. */
  received(bytes: number): void;
}

/** An HTTP server of parameter files by CID, which misbehaves on demand. */
export async function startGateway(contents: Readonly<Record<string, Buffer>>): Promise<GatewayServer> {
  const requests: { cid: string; range: string | undefined }[] = [];
  const line: Behaviour[] = [];
  const hanging: Hanging[] = [];
  let usual: Behaviour = 'serve';
  const server = createServer((request, response) => {
    const cid = request.url?.slice('/ipfs/'.length) ?? '';
    requests.push({ cid, range: request.headers.range });
    const content = contents[cid];
    const half = answer(line.shift() ?? usual, content, request, response);
    if (half) hanging.push(half);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/ipfs/`,
    requests,
    behave: (...behaviours) => line.push(...behaviours),
    alwaysBehave: (behaviour) => {
      usual = behaviour;
    },
    received: (bytes) => {
      for (const { response } of hanging.filter(({ at }) => at === bytes)) response.destroy();
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface Hanging {
  readonly response: ServerResponse;
  /** Where in the file it stopped. */
  readonly at: number;
}

function answer(
  behaviour: Behaviour,
  content: Buffer | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Hanging | undefined {
  if (behaviour === 'silence') return undefined;
  if (typeof behaviour === 'object' || !content) {
    response.writeHead(typeof behaviour === 'object' ? behaviour.status : 404).end();
    return undefined;
  }
  const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1];
  const from = behaviour === 'ignore-range' ? undefined : range;
  const start = Number(from ?? 0);
  if (start >= content.length) {
    response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
    return undefined;
  }
  const body = content.subarray(start);
  response.writeHead(from === undefined ? 200 : 206, {
    'content-length': body.length,
    ...(from !== undefined && {
      'content-range': `bytes ${start}-${content.length - 1}/${content.length}`,
    }),
  });
  if (behaviour !== 'hang-up' && behaviour !== 'stall') {
    response.end(body);
    return undefined;
  }
  const half = Math.ceil(body.length / 2);
  response.write(body.subarray(0, half));
  return behaviour === 'hang-up' ? { response, at: start + half } : undefined;
}

/** A parameter file with this content, served under its own name as CID. */
export function fileOf(name: string, content: Buffer): ParameterFile {
  const digest = createHash('blake2b512').update(content).digest('hex').slice(0, 32);
  return { name, kind: 'srs', published: { cid: name, digest } };
}
