import { fileURLToPath } from 'node:url';
import serveStatic from '@fastify/static';
import fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { BeeproError } from '#core';
import type { Database } from '#db';
import type { Logger } from '#log';
import type { QueueBus } from '#queues';
import type { WebCredentials } from './auth/credentials.ts';
import { registerAuth } from './auth/plugin.ts';
import { registerBoard } from './board.ts';
import { renderMetrics } from './metrics.ts';
import { readOverview } from './overview/overview.ts';
import { overviewPage } from './pages/overview-page.ts';

export interface WebOptions {
  /** Default loopback. */
  readonly host: string;
  readonly port: number;
}

export interface WebModules {
  readonly database: Database;
  readonly bus: QueueBus;
  readonly credentials: WebCredentials;
  readonly logger: Logger;
  readonly isBoardWriteAllowed: () => boolean;
  /** After how long without a heartbeat a worker is shown as silent, in ms. */
  readonly silentMs: () => number;
}

const CONTENT_POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

/**
 * The web page: overview, Bull Board, metrics, liveness, all behind one login. Returns the listening server;
 * its address is `http://HOST:PORT`.
 * @throws BeeproError `WEB_LISTEN_FAILED`
 */
export async function startWeb(options: WebOptions, modules: WebModules): Promise<FastifyInstance> {
  const loggerInstance: FastifyBaseLogger = modules.logger;
  const server = fastify({ loggerInstance, disableRequestLogging: true, bodyLimit: 1 << 20 });
  const db = modules.database.kysely;

  server.addHook('onSend', async (request, reply) => {
    reply.header('x-content-type-options', 'nosniff').header('referrer-policy', 'same-origin');
    // Bull Board's page carries inline scripts of its own.
    if (!request.url.startsWith('/queues')) reply.header('content-security-policy', CONTENT_POLICY);
    else reply.header('x-frame-options', 'DENY');
  });
  await registerAuth(server, modules.credentials);
  await server.register(serveStatic, {
    root: fileURLToPath(new URL('./assets/', import.meta.url)),
    prefix: '/assets/',
    decorateReply: false,
  });

  server.get('/healthz', async () => ({ ok: true }));
  server.get('/', async (_request, reply) => reply.type('text/html').send(overviewPage()));
  server.get('/api/overview', async () => readOverview(db, modules.silentMs()));
  server.get('/metrics', async (_request, reply) => {
    const { contentType, body } = await renderMetrics(db);
    return reply.type(contentType).send(body);
  });
  await registerBoard(server, { db, bus: modules.bus, isWriteAllowed: modules.isBoardWriteAllowed });

  try {
    await server.listen({ host: options.host, port: options.port });
  } catch (cause) {
    await server.close();
    const address = `${options.host}:${options.port}`;
    throw new BeeproError('WEB_LISTEN_FAILED', { address, detail: (cause as Error).message }, { cause });
  }
  return server;
}
