import type { AttoFil, Epoch } from '#core';
import { decimal, epochs, fil, optional } from '../types/index.ts';
import { defineSettings, type SettingDefinition } from './define-settings.ts';

/** What messages are for, as far as fees differ. `other` are those of the operator: repaying debt, addresses. */
export const FEE_PURPOSES = [
  'precommit',
  'commit',
  'post',
  'terminate',
  'extend',
  'recover',
  'withdraw',
  'other',
] as const;
export type FeePurpose = (typeof FEE_PURPOSES)[number];

interface Preset {
  readonly what: string;
  readonly max: string;
  readonly urgentMax: string;
  /** Epochs before its deadline at which it presses. */
  readonly urgentWithin: string;
  readonly late: string;
}

/** The first three are what the peers' defaults come to for a full batch or a partition; see docs/wallet.md. */
const PRESETS: Readonly<Record<FeePurpose, Preset>> = {
  precommit: {
    what: 'pre-commit',
    max: '1 FIL',
    urgentMax: '4 FIL',
    urgentWithin: '3h',
    late: 'a sector whose ticket grows too old meanwhile is sealed again.',
  },
  commit: {
    what: 'prove-commit',
    max: '2 FIL',
    urgentMax: '8 FIL',
    urgentWithin: '1d',
    late: 'a pre-commit that is not proven within 30 days expires, and its deposit is lost.',
  },
  post: {
    what: 'window PoSt',
    max: '1 FIL',
    urgentMax: '10 FIL',
    urgentWithin: '20',
    late: 'a deadline that is missed makes its sectors faulty.',
  },
  terminate: {
    what: 'termination',
    max: '1 FIL',
    urgentMax: '1 FIL',
    urgentWithin: '0',
    late: 'it only comes later.',
  },
  extend: {
    what: 'extension',
    max: '1 FIL',
    urgentMax: '4 FIL',
    urgentWithin: '1d',
    late: 'a sector that is not extended before its expiration is over.',
  },
  recover: {
    what: 'recovery',
    max: '1 FIL',
    urgentMax: '4 FIL',
    urgentWithin: '60',
    late: 'a recovery that misses its cut-off costs another day of power.',
  },
  withdraw: {
    what: 'withdrawal',
    max: '0.2 FIL',
    urgentMax: '0.2 FIL',
    urgentWithin: '0',
    late: 'it only comes later.',
  },
  other: {
    what: 'other (repaying debt, changing addresses)',
    max: '0.2 FIL',
    urgentMax: '0.2 FIL',
    urgentWithin: '0',
    late: 'it only comes later.',
  },
};

type Amount = SettingDefinition<AttoFil>;
type OptionalAmount = SettingDefinition<AttoFil | undefined>;

type PurposeSettings<P extends FeePurpose> = {
  readonly [N in `fee.${P}.${'max' | 'urgent_max'}`]: Amount;
} & {
  readonly [N in `fee.${P}.${'fee_cap' | 'premium_max'}`]: OptionalAmount;
} & {
  readonly [N in `fee.${P}.urgent_within`]: SettingDefinition<Epoch>;
} & {
  readonly [N in `fee.${P}.gas_overestimation`]: SettingDefinition<number | undefined>;
};
type AllPurposes = {
  [P in FeePurpose]: PurposeSettings<P>;
};
type Intersection<U> = (U extends unknown ? (one: U) => void : never) extends (all: infer I) => void
  ? I
  : never;

function settingsOf<P extends FeePurpose>(purpose: P): PurposeSettings<P> {
  const { what, max, urgentMax, urgentWithin, late } = PRESETS[purpose];
  return {
    [`fee.${purpose}.max`]: {
      type: fil(),
      default: max,
      scope: 'miner',
      doc: `The most that one ${what} message may cost in all. While the base fee is too high for it the message waits without a nonce, and says so: ${late}`,
    },
    [`fee.${purpose}.urgent_max`]: {
      type: fil(),
      default: urgentMax,
      scope: 'miner',
      doc: `The most that one ${what} message may cost once it presses (see fee.${purpose}.urgent_within); never less than fee.${purpose}.max.`,
    },
    [`fee.${purpose}.fee_cap`]: {
      type: optional(fil(), 'no limit but the whole message’s'),
      default: '',
      scope: 'miner',
      doc: `The most that a ${what} message pays for one unit of gas, such as 2 nanoFIL; it waits while the base fee is above. Not held to once it presses.`,
    },
    [`fee.${purpose}.premium_max`]: {
      type: optional(fil(), 'no limit but the fee cap'),
      default: '',
      scope: 'miner',
      doc: `The most that a ${what} message gives the block’s miner for one unit of gas. Not held to once it presses.`,
    },
    [`fee.${purpose}.urgent_within`]: {
      type: epochs({ min: 0, max: 60 * 2880 }),
      default: urgentWithin,
      scope: 'miner',
      doc: `A ${what} message presses so many epochs before the last one at which it is of use. 0: never.`,
    },
    [`fee.${purpose}.gas_overestimation`]: {
      type: optional(decimal({ min: 1, max: 10 }), 'fee.gas_overestimation'),
      default: '',
      scope: 'miner',
      doc: `Factor on the estimated gas limit of a ${what} message, in place of fee.gas_overestimation.`,
    },
  } as unknown as PurposeSettings<P>;
}

const PER_PURPOSE = Object.assign({}, ...FEE_PURPOSES.map(settingsOf)) as Intersection<
  AllPurposes[FeePurpose]
>;

export const FEE_SETTINGS = defineSettings({
  ...PER_PURPOSE,
  'fee.gas_overestimation': {
    type: decimal({ min: 1, max: 10 }),
    default: '1.25',
    scope: 'miner',
    doc: 'Factor on the estimated gas limit: state may have grown by the time the message executes. Too much of it is burnt (Lotus’ over-estimation penalty).',
  },
});
