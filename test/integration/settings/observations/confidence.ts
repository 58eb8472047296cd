import { findMessage } from '#db';
import { waitFor } from '#testing';
import type { CoordinatorBench as Bench } from '../support/coordinator-bench.ts';
import { IN_FORCE, type Observations, stays } from '../support/observation.ts';

export const CONFIDENCE: Observations<'chain.confidence.commit', Bench> = {
  'chain.confidence.commit': async (bench) => {
    await bench.given('chain.confidence.commit', '900');
    const [number = -1] = await bench.bring(1, 'CommitWait');
    const { db } = bench.rig.modules;
    await bench.until('its message final', async () => {
      const { commit_message: id } = await bench.sector(number);
      return id !== null && (await findMessage(db.kysely, id))?.state === 'final';
    });
    await stays('in CommitWait', async () => (await bench.sector(number)).state === 'CommitWait');
    await bench.change('chain.confidence.commit', '3');
    await waitFor(async () => (await bench.sector(number)).state === 'Proving', IN_FORCE);
  },
};
