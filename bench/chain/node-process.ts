import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { LOTUS_METHODS, type LotusMethod, parseJsonText, writeJsonText } from '#chain';
import { migrate, openDatabase } from '#db';
import { SyntheticChain } from './answers.ts';
import { type Populated, populate } from './populate.ts';

/** What the benchmark tells the process that holds the nodes. */
export type NodeOrder =
  | {
      readonly type: 'start';
      readonly nodes: number;
      readonly latencyMs: number;
      readonly mysql: { readonly url: string; readonly passwordFile: string | undefined };
      readonly settings: readonly (readonly [string, string, string])[];
    }
  | { readonly type: 'advance'; readonly epochs: number }
  | { readonly type: 'counts' }
  | { readonly type: 'stop' };

/** What it says. */
export type NodeWord =
  | {
      readonly type: 'ready';
      readonly urls: readonly string[];
      readonly sectors: number;
      readonly messages: number;
    }
  | { readonly type: 'done' }
  | { readonly type: 'counts'; readonly counts: Readonly<Record<string, number>> };

const counts: Record<string, number> = {};
let chain: SyntheticChain | undefined;
let latencyMs = 0;

const say = (word: NodeWord) => void process.send?.(word);

process.on('message', (order: NodeOrder) => {
  obey(order).catch((error: unknown) => {
    process.stderr.write(`${(error as Error).stack}\n`);
    process.exit(1);
  });
});

async function obey(order: NodeOrder): Promise<void> {
  switch (order.type) {
    case 'start': {
      const { sectors, messages, nextNonce, landed } = await fill(order);
      chain = new SyntheticChain(nextNonce);
      chain.landed(landed);
      latencyMs = order.latencyMs;
      const urls = await Promise.all(Array.from({ length: order.nodes }, listen));
      return say({ type: 'ready', urls, sectors, messages });
    }
    case 'advance':
      chain?.advance(order.epochs);
      return say({ type: 'done' });
    case 'counts': {
      say({ type: 'counts', counts: { ...counts } });
      for (const method of Object.keys(counts)) delete counts[method];
      return;
    }
    case 'stop':
      process.exit(0);
  }
}

async function fill({ mysql, settings }: Extract<NodeOrder, { type: 'start' }>): Promise<Populated> {
  const database = openDatabase(mysql);
  try {
    await migrate(database);
    return await populate(database, settings);
  } finally {
    await database.close();
  }
}

async function listen(): Promise<string> {
  const server = createServer((request, response) => void serve(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/rpc/v1`;
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const call = parseJsonText(Buffer.concat(chunks).toString()) as {
    id: number;
    method: string;
    params: unknown[];
  };
  const method = call.method.replace('Filecoin.', '');
  counts[method] = (counts[method] ?? 0) + 1;
  const answer = answerOf(method, call.params);
  await sleep(latencyMs);
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(writeJsonText({ jsonrpc: '2.0', id: call.id, ...answer }));
}

function answerOf(method: string, params: readonly unknown[]) {
  try {
    if (!chain || !Object.hasOwn(LOTUS_METHODS, method)) throw new Error(`method '${method}' not found`);
    const definition = LOTUS_METHODS[method as LotusMethod];
    const read = definition.params.map((schema: z.ZodType, index) =>
      z.decode(schema, params[index] as never),
    );
    const result = chain.answer(method as LotusMethod, read);
    return { result: z.encode(definition.result as z.ZodType, result) };
  } catch (error) {
    return { error: { code: 1, message: (error as Error).message } };
  }
}
