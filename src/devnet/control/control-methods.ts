import { z } from 'zod';
import { faultsSchema } from '../faults/faults.ts';
import { LotusError } from '../lotus-error.ts';
import type { DevnetNode } from '../node/devnet-node.ts';
import type { ControlMethod, ControlMethods } from './control-method.ts';
import type { DevnetControl } from './devnet-control.ts';

function control<S extends z.ZodType>(params: S, run: (params: z.output<S>) => unknown): ControlMethod {
  return { call: async (given) => run(params.parse(given)) };
}

const none = z.strictObject({});
const cidText = z.string().min(1);
const attoFil = z.string().regex(/^\d+$/).transform(BigInt);
const sectorList = z.strictObject({ sectors: z.array(z.int().min(0)).max(10_000) });
const DAY_MS = 86_400_000;

/**
 * {@link DevnetControl} and the faults of nodes, for holders of an admin token of any node, as `Devnet.<method>` with
 * one object of parameters.
 */
export function controlMethods(devnet: DevnetControl, nodes: readonly DevnetNode[]): ControlMethods {
  return { ...chainMethods(devnet), ...nodeMethods(nodes) };
}

function nodeMethods(nodes: readonly DevnetNode[]): ControlMethods {
  const node = z
    .int()
    .min(0)
    .max(nodes.length - 1);
  const of = (index: number): DevnetNode => nodes[index] as DevnetNode;
  return {
    /** Every node's address, height, pending messages and faults. */
    Nodes: control(none, () => nodes.map((each) => each.standing)),
    /** Makes things wrong with one node, beside what is wrong already; back to right by itself after `forMs`. */
    Fault: control(
      z.strictObject({ node, fault: faultsSchema.partial(), forMs: z.int().min(1).max(DAY_MS).optional() }),
      async ({ node: index, fault, forMs }) => {
        const others = nodes.filter((each) => each.index !== index && !each.faults.down);
        if ((fault.down || fault.dieAfter) && others.length === 0 && forMs === undefined)
          throw new LotusError('the last node that can be reached goes down with forMs only');
        await of(index).fault(fault, forMs);
        return of(index).standing;
      },
    ),
    /** Rights what is wrong with one node, or with all. */
    Heal: control(z.strictObject({ node: node.optional() }), async ({ node: index }) => {
      await Promise.all((index === undefined ? nodes : [of(index)]).map((each) => each.heal()));
      return nodes.map((each) => each.standing);
    }),
  };
}

function chainMethods(devnet: DevnetControl): ControlMethods {
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
    SetBaseFee: control(z.strictObject({ baseFee: attoFil.nullable() }), ({ baseFee }) =>
      devnet.setBaseFee(baseFee ?? undefined),
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
    /** attoFIL for so many blocks, from where it falls by its rule. */
    SpikeBaseFee: control(
      z.strictObject({ baseFee: attoFil, epochs: z.int().min(1).max(100_000) }),
      ({ baseFee, epochs }) => devnet.spikeBaseFee(baseFee, epochs),
    ),
    /** Sectors whose proofs do not verify from the next block on; an empty list ends it. */
    RejectProofs: control(sectorList, ({ sectors }) => devnet.rejectProofs(sectors)),
    /** Sectors with which no message can be estimated; an empty list ends it. */
    RejectEstimates: control(sectorList, ({ sectors }) => devnet.rejectEstimates(sectors)),
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
