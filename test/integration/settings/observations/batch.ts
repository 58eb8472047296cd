import { expect } from 'vitest';
import { decodeParamsOf, fromBase64, MINER_METHODS } from '#codec';
import type { SettingName } from '#config';
import type { SectorState } from '#core';
import { findMessage } from '#db';
import { waitFor } from '#testing';
import type { CoordinatorBench } from '../support/coordinator-bench.ts';
import { IN_FORCE, type Observations, stays } from '../support/observation.ts';

type BatchSetting = Extract<SettingName, `batch.${string}`>;

/** Sectors that a batch of this kind holds back are in `held`; they leave it for `sent`. */
interface Kind {
  readonly name: 'precommit' | 'commit';
  readonly held: SectorState;
  readonly sent: SectorState;
}

const PRECOMMIT: Kind = { name: 'precommit', held: 'PreCommitBatching', sent: 'PreCommitWait' };
const COMMIT: Kind = { name: 'commit', held: 'CommitBatching', sent: 'CommitWait' };

type Bench = CoordinatorBench;

async function hold(bench: Bench, kind: Kind, count: number): Promise<readonly number[]> {
  await bench.given(`batch.${kind.name}.wait`, '12h');
  const numbers = await bench.bring(count, kind.held);
  await stays('held back', async () => (await inState(bench, numbers, kind.held)) === count);
  return numbers;
}

async function inState(bench: Bench, numbers: readonly number[], state: SectorState): Promise<number> {
  const rows = await Promise.all(numbers.map((number) => bench.sector(number)));
  return rows.filter((row) => row.state === state).length;
}

const untilSent = (bench: Bench, kind: Kind, numbers: readonly number[], count: number) =>
  waitFor(async () => (await inState(bench, numbers, kind.sent)) === count, {
    ...IN_FORCE,
    what: `${count} of ${numbers.join(', ')} in ${kind.sent}`,
  });

async function wait(bench: Bench, kind: Kind): Promise<void> {
  const numbers = await hold(bench, kind, 1);
  await bench.change(`batch.${kind.name}.wait`, '0s');
  await untilSent(bench, kind, numbers, 1);
}

async function min(bench: Bench, kind: Kind): Promise<void> {
  await bench.given(`batch.${kind.name}.min`, '2');
  const numbers = await bench.bring(1, kind.held);
  await stays('waiting for company', async () => (await inState(bench, numbers, kind.held)) === 1);
  await bench.change(`batch.${kind.name}.min`, '1');
  await untilSent(bench, kind, numbers, 1);
}

async function max(bench: Bench, kind: Kind): Promise<void> {
  const numbers = await hold(bench, kind, 3);
  await bench.change(`batch.${kind.name}.max`, '2');
  await untilSent(bench, kind, numbers, 2);
  await stays('the third waits on', async () => (await inState(bench, numbers, kind.held)) === 1);
  await bench.change(`batch.${kind.name}.max`, '1');
  await untilSent(bench, kind, numbers, 3);
  const rows = await Promise.all(numbers.map((number) => bench.sector(number)));
  expect(new Set(rows.map((row) => row[`${kind.name}_message`])).size).toBe(2);
}

/** The longest slack there is reaches back to a fresh ticket, and to a fresh pre-commit. */
async function slack(bench: Bench, kind: Kind, longest: string): Promise<void> {
  const numbers = await hold(bench, kind, 1);
  await bench.change(`batch.${kind.name}.slack`, longest);
  await untilSent(bench, kind, numbers, 1);
}

/** Below it, whoever waits goes at once. */
async function belowBaseFee(bench: Bench, kind: Kind): Promise<void> {
  const numbers = await hold(bench, kind, 1);
  await bench.change(`batch.${kind.name}.below_base_fee`, '1 FIL');
  await untilSent(bench, kind, numbers, 1);
}

/** Four sectors wait; when they leave after the change, their proofs are one. */
async function aggregatedAfter(
  bench: Bench,
  given: readonly (readonly [BatchSetting, string])[],
  name: BatchSetting,
  value: string,
): Promise<void> {
  for (const [setting, text] of given) await bench.given(setting, text);
  const numbers = await hold(bench, COMMIT, 4);
  await bench.change(name, value);
  await bench.given('batch.commit.wait', '0s');
  await untilSent(bench, COMMIT, numbers, 4);
  const row = await bench.sector(numbers[0] ?? 0);
  const message = await findMessage(bench.rig.modules.db.kysely, row.commit_message ?? 0);
  const params = fromBase64(message?.params ?? '') ?? new Uint8Array();
  expect(decodeParamsOf(MINER_METHODS.ProveCommitSectors3, params, 't')).toMatchObject({
    sectorProofs: [],
    aggregateProofType: 1,
  });
}

async function aggregateTimeout(bench: Bench): Promise<void> {
  await aggregatedAfter(bench, [['batch.commit.aggregate', 'on']], 'batch.commit.aggregate_timeout', '77s');
  expect(bench.rig.aggregator.asked.at(-1)).toEqual({ sectors: 4, timeoutMs: 77_000 });
}

export const BATCH: Observations<BatchSetting, Bench> = {
  'batch.precommit.wait': (bench) => wait(bench, PRECOMMIT),
  'batch.precommit.min': (bench) => min(bench, PRECOMMIT),
  'batch.precommit.max': (bench) => max(bench, PRECOMMIT),
  'batch.precommit.slack': (bench) => slack(bench, PRECOMMIT, '1d'),
  'batch.commit.wait': (bench) => wait(bench, COMMIT),
  'batch.commit.min': (bench) => min(bench, COMMIT),
  'batch.commit.max': (bench) => max(bench, COMMIT),
  'batch.commit.slack': (bench) => slack(bench, COMMIT, '30d'),
  'batch.precommit.below_base_fee': (bench) => belowBaseFee(bench, PRECOMMIT),
  'batch.commit.below_base_fee': (bench) => belowBaseFee(bench, COMMIT),
  'batch.commit.aggregate': (bench) =>
    aggregatedAfter(bench, [['batch.commit.aggregate', 'off']], 'batch.commit.aggregate', 'on'),
  'batch.commit.aggregate_min': (bench) =>
    aggregatedAfter(
      bench,
      [
        ['batch.commit.aggregate', 'on'],
        ['batch.commit.aggregate_min', '9'],
      ],
      'batch.commit.aggregate_min',
      '4',
    ),
  'batch.commit.aggregate_from': (bench) =>
    aggregatedAfter(
      bench,
      [['batch.commit.aggregate_from', '1 FIL']],
      'batch.commit.aggregate_from',
      '0 FIL',
    ),
  'batch.commit.aggregate_timeout': aggregateTimeout,
};
