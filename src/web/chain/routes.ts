import type { FastifyInstance } from 'fastify';
import type { Executor } from '#db';
import { chainPage } from '../pages/chain-page.ts';
import { type ChainPageSettings, readChainNodes } from './chain-nodes.ts';

export interface ChainModules {
  readonly db: Executor;
  readonly settings: ChainPageSettings;
}

/** The page of the Lotus nodes: how far behind, how slow and how faulty each is, and why it is not asked. */
export function registerChain(server: FastifyInstance, { db, settings }: ChainModules): void {
  server.get('/chain', async (_request, reply) => reply.type('text/html').send(chainPage()));
  server.get('/api/chain', async () => readChainNodes(db, settings));
}
