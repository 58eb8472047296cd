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
import { registerChain } from './chain/routes.ts';
import { renderMetrics } from './metrics.ts';
import { readOverview } from './overview/overview.ts';
import { overviewPage } from './pages/overview-page.ts';
import { registerScheduling } from './scheduling/routes.ts';
import type { SchedulingSettings } from './scheduling/scheduling.ts';

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
  readonly settings: SchedulingSettings;
  readonly isBoardWriteAllowed: () => boolean;
  /** After how long without a heartbeat a worker is shown as silent, in ms. */
  readonly silentMs: () => number;
}

const POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'";
const CONTENT_POLICY = `${POLICY}; base-uri 'none'`;
/** Bull Board's page carries scripts and pictures in itself; the font it wants from elsewhere it does without. */
const BOARD_POLICY = `${POLICY}; base-uri 'self'; script-src 'self' 'unsafe-inline'; img-src 'self' data:`;

/**
 * The web page: overview, Bull Board, metrics, liveness, all behind one login. Returns the listening server;
 * its address is `http://HOST:PORT`.
 * @throws BeeproError `WEB_LISTEN_FAILED`
 */
export async function startWeb(options: WebOptions, modules: WebModules): Promise<FastifyInstance> {
  // A line for each request would bury the rest; a failed one is an error line.
  const loggerInstance: FastifyBaseLogger = modules.logger.child(
    {},
    modules.logger.isLevelEnabled('warn') ? { level: 'warn' } : {},
  );
  const server = fastify({ loggerInstance, bodyLimit: 1 << 20 });
  const db = modules.database.kysely;

  server.addHook('onSend', async (request, reply) => {
    reply.header('x-content-type-options', 'nosniff').header('referrer-policy', 'same-origin');
    const isBoard = request.url.startsWith('/queues');
    reply.header('content-security-policy', isBoard ? BOARD_POLICY : CONTENT_POLICY);
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
  registerChain(server, { db, settings: modules.settings });
  registerScheduling(server, { db, settings: modules.settings });
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
