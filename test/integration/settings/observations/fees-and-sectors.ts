import { expect } from 'vitest';
import { idAddress } from '#codec';
import { sealProof } from '#core';
import { findMessage, type MessageRow } from '#db';
import { pledgeSectors } from '#sector';
import { waitFor } from '#testing';
import type { CoordinatorBench } from '../support/coordinator-bench.ts';
import { IN_FORCE, type Observations, stays } from '../support/observation.ts';

const EPOCHS_A_DAY = 2_880;

/** A sector's message waits without a nonce under a cap that no message fits, and goes out when the cap is lifted. */
async function feeCap(bench: CoordinatorBench, kind: 'precommit' | 'commit'): Promise<void> {
  await bench.given(`fee.${kind}.max`, '1 attoFIL');
  const [number = -1] = await bench.bring(1, kind === 'precommit' ? 'PreCommitWait' : 'CommitWait');
  const message = async (): Promise<MessageRow> => {
    const id = (await bench.sector(number))[`${kind}_message`];
    const row = await findMessage(bench.rig.modules.db.kysely, id ?? -1);
    if (!row) throw new Error(`sector ${number} has no ${kind} message`);
    return row;
  };
  const waiting = await waitFor(async () => (await message()).error_code && message());
  expect(waiting).toMatchObject({ state: 'intent', nonce: null, error_code: 'MESSAGE_FEE_OVER_CAP' });
  await bench.change(`fee.${kind}.max`, '3 FIL');
  // A message that could not be paid is looked at again after 1, 2, 4, 8, 10 s.
  const sent = await waitFor(async () => (await message()).nonce !== null && message(), {
    deadlineMs: 20_000,
  });
  expect(sent.max_fee).toBe(3n * 10n ** 18n);
}

export const FEES_AND_SECTORS: Observations<
  'fee.precommit.max' | 'fee.commit.max' | 'sector.lifetime' | 'chain.confidence.seed' | 'seal.proof',
  CoordinatorBench
> = {
  'fee.precommit.max': (bench) => feeCap(bench, 'precommit'),
  'fee.commit.max': (bench) => feeCap(bench, 'commit'),

  /** What the chain then has of the sector. */
  'sector.lifetime': async (bench) => {
    const { chain } = bench.rig.modules;
    const life = async (number: number) => {
      const found = await bench.until('the pre-commit on chain', () =>
        chain.stateSectorPreCommitInfo(idAddress(bench.rig.miner, 't'), number, []),
      );
      return found.info.expiration - found.preCommitEpoch;
    };
    const [first = -1] = await bench.bring(1, 'PreCommitWait');
    expect(Math.round((await life(first)) / EPOCHS_A_DAY)).toBe(540);
    await bench.given('batch.precommit.wait', '12h');
    const [second = -1] = await bench.bring(1, 'PreCommitBatching');
    // Read when the batch is formed, so in force before the batch may go.
    await bench.change('sector.lifetime', '300d');
    await bench.change('batch.precommit.wait', '0s');
    expect(Math.round((await life(second)) / EPOCHS_A_DAY)).toBe(300);
  },

  'chain.confidence.seed': async (bench) => {
    await bench.given('chain.confidence.seed', '200');
    const [number = -1] = await bench.bring(1, 'WaitSeed');
    await bench.rig.devnet.control.mine(20);
    await stays('waiting for its seed', async () => (await bench.sector(number)).state === 'WaitSeed');
    await bench.change('chain.confidence.seed', '6');
    await waitFor(async () => (await bench.sector(number)).state === 'Commit1', IN_FORCE);
  },

  'seal.proof': async (bench) => {
    const pledged = async () => {
      const [number = -1] = await pledgeSectors(bench.rig.modules, { miner: bench.rig.miner, count: 1 });
      return (await bench.sector(number)).seal_proof;
    };
    expect(await pledged()).toBe(sealProof('2KiB', 'interactive').id);
    await bench.change('seal.proof', 'synthetic');
    await waitFor(async () => (await pledged()) === sealProof('2KiB', 'synthetic').id, {
      ...IN_FORCE,
      intervalMs: 100,
    });
  },
};
