import { z } from 'zod';
import type { DevnetControl } from './devnet-control.ts';

export interface ControlMethod {
  /** Parses the parameters and runs. @throws ZodError */
  call(params: unknown): Promise<unknown>;
}
export type ControlMethods = Readonly<Record<string, ControlMethod>>;

function control<S extends z.ZodType>(params: S, run: (params: z.output<S>) => unknown): ControlMethod {
  return { call: async (given) => run(params.parse(given)) };
}

const none = z.strictObject({});
const cidText = z.string().min(1);

/** {@link DevnetControl} for holders of an admin token, as `Devnet.<method>` with one object of parameters. */
export function controlMethods(devnet: DevnetControl): ControlMethods {
  return {
    /** Makes tipsets now; returns the new height. */
    Mine: control(z.strictObject({ blocks: z.int().min(1).max(10_000).default(1) }), ({ blocks }) =>
      devnet.mine(blocks),
    ),
    Pause: control(none, () => devnet.pause()),
    Resume: control(none, () => devnet.resume()),
    /** Makes one tipset after so many null rounds; returns the new height. */
    NullRounds: control(z.strictObject({ rounds: z.int().min(1).max(10_000) }), ({ rounds }) =>
      devnet.mineAfterNullRounds(rounds),
    ),
    /** attoFIL, as a decimal string; null lets it follow its rule again. */
    SetBaseFee: control(
      z.strictObject({ baseFee: z.string().regex(/^\d+$/).transform(BigInt).nullable() }),
      ({ baseFee }) => devnet.setBaseFee(baseFee ?? undefined),
    ),
    /** attoFIL, as a decimal string. */
    SetFeeDebt: control(
      z.strictObject({ miner: z.string(), feeDebt: z.string().regex(/^\d+$/).transform(BigInt) }),
      ({ miner, feeDebt }) => devnet.setFeeDebt(miner, feeDebt),
    ),
    /** As if a consensus fault had been reported: it counts up to and with epoch `until`. */
    SetConsensusFault: control(
      z.strictObject({ miner: z.string(), until: z.int().min(-1) }),
      ({ miner, until }) => devnet.setConsensusFault(miner, until),
    ),
    DropMessage: control(z.strictObject({ cid: cidText }), ({ cid }) => devnet.dropMessage(cid)),
    HoldMessage: control(z.strictObject({ cid: cidText, held: z.boolean().default(true) }), ({ cid, held }) =>
      devnet.holdMessage(cid, held),
    ),
    /** Returns the new height. */
    Reorg: control(
      z.strictObject({
        depth: z.int().min(1).max(900),
        delay: z.int().min(0).default(0),
        drop: z.array(cidText).default([]),
      }),
      ({ depth, delay, drop }) => devnet.reorg(depth, { delay, drop }),
    ),
  };
}
