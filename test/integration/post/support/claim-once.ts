import { acquireLease, openDatabase, transaction } from '#db';
import { ForkGuard, Watermark } from '#post';

/** A process of its own that claims, keeps and submits one block: killed where `BEEPRO_KILL_AT` says. */
const request = JSON.parse(process.argv[2] ?? '') as {
  readonly mysql: Parameters<typeof openDatabase>[0];
  readonly folder: string;
  readonly miner: number;
  readonly lease: string;
  readonly epoch: number;
  readonly now: number;
};
const { miner, epoch } = request;
const database = openDatabase(request.mysql);
const watermark = await Watermark.open(request.folder, miner);
const guard = new ForkGuard({ database, miner, watermark });
const lease = await transaction(database, (trx) =>
  acquireLease(trx, { name: request.lease, holder: `process ${process.pid}`, ttlMs: 60_000 }),
);
if (!lease) throw new Error('the lease is held');
await guard.open(lease, request.now);
const base = { height: epoch - 1, parents: ['p'] };
await guard.claim(lease, { epoch, parents: [`base${epoch - 1}`], base, ticket: 'aa', wins: 1 });
await guard.keep(lease, epoch, { cid: `block${epoch}`, block: '{}' });
await guard.submitted(epoch);
await database.close();
