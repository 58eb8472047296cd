import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import type { FastifyInstance } from 'fastify';
import { PHASE_NAMES, PHASES } from '#core';
import { type Executor, listWorkerLoads } from '#db';
import { parseQueueName, type QueueBus, type QueueName, queueName } from '#queues';

/**
 * Fleets up to this size show every worker's queues. Larger ones show the fleet's queues, and a worker's on
 * demand (`/queues-of/NAME`): 4,000 queues would cost Redis a second a poll.
 */
const SHOWN_WORKERS = 8;
const REFRESH_MS = 15_000;
const BASE = '/queues';

export interface BoardModules {
  readonly db: Executor;
  readonly bus: QueueBus;
  /** The setting `web.bull_board_write`, asked at each request. */
  readonly isWriteAllowed: () => boolean;
}

/** Bull Board under `/queues`, behind the same login; a viewer's tool unless writing is allowed. */
export async function registerBoard(server: FastifyInstance, modules: BoardModules): Promise<void> {
  const adapter = new FastifyAdapter();
  adapter.setBasePath(BASE);
  const shown = new Map<QueueName, BullMQAdapter>();
  const boardQueue = (name: QueueName): BullMQAdapter => {
    const known = shown.get(name);
    if (known) return known;
    const parts = parseQueueName(name);
    const made = new BullMQAdapter(modules.bus.queue(name), {
      delimiter: '@',
      description: PHASES[parts.phase].label,
      allowRetries: false,
    });
    // Bull Board fixes this when a queue is added; the setting may change while it is shown.
    Object.defineProperty(made, 'readOnlyMode', { get: () => !modules.isWriteAllowed() });
    shown.set(name, made);
    return made;
  };
  const fleet = PHASE_NAMES.filter((phase) => PHASES[phase].queue === 'fleet').map((phase) =>
    queueName(phase),
  );
  const ofWorker = (worker: string): QueueName[] => PHASE_NAMES.map((phase) => queueName(phase, worker));
  const demanded = new Set<string>();

  const board = createBullBoard({
    queues: fleet.map(boardQueue),
    serverAdapter: adapter,
    options: { uiConfig: { boardTitle: 'BeePro queues', showWorkers: false } as Record<string, unknown> },
  });

  const refresh = async (): Promise<void> => {
    const workers = await listWorkerLoads(modules.db, SHOWN_WORKERS + 1);
    const names = workers.length > SHOWN_WORKERS ? [] : workers.map((worker) => worker.name);
    for (const name of demanded) names.push(name);
    board.replaceQueues([...fleet, ...new Set(names.flatMap(ofWorker))].map(boardQueue));
  };
  const timer = setInterval(
    () => refresh().catch((err) => server.log.warn({ err }, 'queues not listed')),
    REFRESH_MS,
  );
  timer.unref();
  server.addHook('onClose', async () => clearInterval(timer));
  await refresh();

  server.get<{ Params: { worker: string } }>('/queues-of/:worker', async (request, reply) => {
    const { worker } = request.params;
    const isKnown = (await listWorkerLoads(modules.db, 10_000)).some((load) => load.name === worker);
    if (!isKnown) return reply.code(404).send({ error: `there is no worker ${worker}` });
    demanded.add(worker);
    await refresh();
    return reply.redirect(`${BASE}/queue/${encodeURIComponent(queueName('precommit1', worker))}`);
  });

  await server.register(
    async (scope) => {
      scope.addHook('onRequest', async (request, reply) => {
        if (request.method === 'GET' || request.method === 'HEAD' || modules.isWriteAllowed()) return;
        return reply.code(405).send({
          error:
            'the queues are read-only here; allow writing with: beepro setting set web.bull_board_write true',
        });
      });
      await scope.register(adapter.registerPlugin(), { prefix: '' });
    },
    { prefix: BASE },
  );
}
