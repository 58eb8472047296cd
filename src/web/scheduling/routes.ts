import type { FastifyInstance } from 'fastify';
import { isBeeproError, parseSectorName } from '#core';
import type { Executor } from '#db';
import { explainWaiting } from '#sector';
import { schedulingPage } from '../pages/scheduling-page.ts';
import { readScheduling, type SchedulingSettings } from './scheduling.ts';

export interface SchedulingModules {
  readonly db: Executor;
  readonly settings: SchedulingSettings;
}

const MOST_WORKERS = 200;
const DEFAULT_WORKERS = 40;
/** Candidates named for each job; all are counted. */
const MOST_CANDIDATES = 20;

/** The page of what the fleet runs, could take and refuses, of automatic pledging, and of why a sector waits. */
export function registerScheduling(server: FastifyInstance, { db, settings }: SchedulingModules): void {
  server.get('/scheduling', async (_request, reply) => reply.type('text/html').send(schedulingPage()));

  server.get<{ Querystring: { find?: string; limit?: string } }>(
    '/api/scheduling',
    async (request, reply) => {
      const { find = '', limit } = request.query;
      const asked = Number(limit ?? DEFAULT_WORKERS);
      const most = Number.isSafeInteger(asked) && asked > 0 ? Math.min(asked, MOST_WORKERS) : DEFAULT_WORKERS;
      const scheduling = await readScheduling(db, settings, { find: String(find).trim(), limit: most });
      return reply.type('application/json').send(toJson(scheduling));
    },
  );

  server.get<{ Querystring: { sector?: string } }>('/api/why', async (request, reply) => {
    const text = String(request.query.sector ?? '').trim();
    const id = parseSectorName(text);
    if (!id) return reply.code(400).send({ error: 'write a sector as MINER/NUMBER, such as t01000/12' });
    try {
      const explained = await explainWaiting(db, settings, id, MOST_CANDIDATES);
      return { sector: `t0${id.miner}/${id.number}`, ...explained };
    } catch (error) {
      if (isBeeproError(error, 'NOT_FOUND')) return reply.code(404).send({ error: error.message });
      throw error;
    }
  });
}

/** Amounts are bigint, which JSON has not: they go as text. */
function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? item.toString() : item));
}
