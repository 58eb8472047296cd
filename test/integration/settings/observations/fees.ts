import { feeCaps } from '#chain';
import { FEE_PURPOSES, type FeePurpose, SETTING_NAMES, type SettingName } from '#config';
import { waitFor } from '#testing';
import type { CoordinatorBench } from '../support/coordinator-bench.ts';
import { IN_FORCE, type Observations, stays } from '../support/observation.ts';

/** These are seen on messages that wait for them. */
type SeenOnMessages = 'fee.precommit.max' | 'fee.commit.max' | 'fee.gas_overestimation';
type FeeSetting = Exclude<Extract<SettingName, `fee.${string}`>, SeenOnMessages>;

const DEADLINE = 10_000;
/** From 100 epochs before its deadline on a message presses, where that is what a setting is about. */
const PRESSES_AT = DEADLINE - 100;

/** What a limit is changed to, and how the limits of a message then differ. */
const LIMITS: Readonly<
  Record<string, { readonly given: string; readonly change: string; readonly shows: (caps: Caps) => boolean }>
> = {
  max: { given: '1 FIL', change: '6 attoFIL', shows: ({ calm }) => calm.maxFee === 6n },
  urgent_max: { given: '9 FIL', change: '70 FIL', shows: ({ urgent }) => urgent.maxFee === 70n * 10n ** 18n },
  fee_cap: { given: '', change: '5 nanoFIL', shows: ({ calm }) => calm.feeCap === 5_000_000_000n },
  premium_max: { given: '', change: '2 nanoFIL', shows: ({ calm }) => calm.premium === 2_000_000_000n },
  urgent_within: { given: '10', change: '100', shows: ({ urgent }) => urgent.isUrgent },
  gas_overestimation: { given: '', change: '3', shows: ({ calm }) => calm.overestimation === 3 },
};

type Caps = Readonly<Record<'calm' | 'urgent', ReturnType<typeof feeCaps>>>;

/** The limits of a message, far from its deadline and near it, by the settings of a coordinator that runs. */
async function observe(bench: CoordinatorBench, name: FeeSetting): Promise<void> {
  const [, purpose = '', limit = ''] = name.split('.');
  const limits = LIMITS[limit];
  if (!limits) throw new Error(`say how ${name} is seen`);
  const { settings } = bench.rig.modules;
  const row = { purpose, miner: bench.rig.miner, deadline_epoch: DEADLINE, max_fee: 0n };
  const caps = (): Caps => ({ calm: feeCaps(settings, row, 0), urgent: feeCaps(settings, row, PRESSES_AT) });
  if (limit !== 'urgent_within') await bench.given(`fee.${purpose as FeePurpose}.urgent_within`, '100');
  await bench.given(name, limits.given);
  await stays('as it was', () => !limits.shows(caps()));
  await bench.change(name, limits.change);
  await waitFor(() => limits.shows(caps()), IN_FORCE);
}

const SEEN_ON_MESSAGES: readonly string[] = [
  'fee.precommit.max',
  'fee.commit.max',
  'fee.gas_overestimation',
] satisfies SeenOnMessages[];

export const FEES = Object.fromEntries(
  SETTING_NAMES.filter(
    (name): name is FeeSetting =>
      FEE_PURPOSES.some((purpose) => name.startsWith(`fee.${purpose}.`)) && !SEEN_ON_MESSAGES.includes(name),
  ).map((name) => [name, (bench: CoordinatorBench) => observe(bench, name)]),
) as Observations<FeeSetting, CoordinatorBench>;
