import { unsealedCid } from '#codec';
import { insertPiece, listSectors } from '#db';
import { waitFor } from '#testing';
import type { CoordinatorBench } from '../support/coordinator-bench.ts';
import { IN_FORCE, type Observations, stays } from '../support/observation.ts';

let made = 0;

/** A stored piece of 256 bytes, eight of which fill a sector. */
async function store({ rig }: CoordinatorBench): Promise<void> {
  made += 1;
  const commP = Buffer.alloc(32, made);
  commP[31] = 0;
  await insertPiece(rig.modules.db.kysely, {
    cid: unsealedCid(commP),
    miner: rig.miner,
    raw_size: 250,
    padded_size: 256,
    name: `piece-${made}`,
    format: 'file',
    path: `/pieces/${made}`,
    sha256: 'aa'.repeat(32),
  });
}

const packing = async ({ rig }: CoordinatorBench) =>
  (await listSectors(rig.modules.db.kysely, { miner: rig.miner, limit: 100 })).filter(
    (sector) => sector.state === 'Packing',
  );

async function collecting(bench: CoordinatorBench, pieces: number): Promise<void> {
  await bench.given('piece.wait', '12h');
  for (let piece = 0; piece < pieces; piece++) await store(bench);
  const { kysely } = bench.rig.modules.db;
  await waitFor(
    async () =>
      (await kysely.selectFrom('piece').select('id').where('status', '=', 'stored').execute()).length === 0,
    { ...IN_FORCE, what: 'the pieces packed' },
  );
  await stays('collecting', async () => (await packing(bench)).length === 1);
}

export const PIECES: Observations<'piece.wait' | 'piece.max_per_sector', CoordinatorBench> = {
  'piece.wait': async (bench) => {
    await collecting(bench, 1);
    await bench.change('piece.wait', '0s');
    await waitFor(async () => (await packing(bench)).length === 0, IN_FORCE);
  },

  'piece.max_per_sector': async (bench) => {
    await collecting(bench, 2);
    await bench.change('piece.max_per_sector', '2');
    await waitFor(async () => (await packing(bench)).length === 0, IN_FORCE);
  },
};
