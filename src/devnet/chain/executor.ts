import { actorIdOf, blake2b256, dagCborCid, encodeAs, receiptsRoot, schema } from '#codec';
import type { CidString, Epoch } from '#core';
import { runDeadlineCron } from '../actors/miner/deadline-cron.ts';
import { type Environment, Runtime } from '../actors/runtime.ts';
import { nextBaseFee } from '../gas/base-fee.ts';
import type { ChainState, Deadline } from '../state/index.ts';
import type { Executed, TipSet } from './tipset.ts';
import { type Applied, applyMessage } from './vm.ts';

/** What all of a chain's executions share. */
export type ExecutionTerms = Omit<Environment, 'epoch' | 'randomness'>;

/**
 * Executes a tipset upon the state after its parent: the deadline crons of the null rounds between, the messages
 * at the tipset's own height, its cron. A pure function of its arguments and of the proofs.
 */
export async function executeTipSet(
  terms: ExecutionTerms,
  parent: { readonly height: Epoch; readonly state: ChainState; readonly stateRoot: CidString },
  tipSet: TipSet,
  randomness: Environment['randomness'],
): Promise<Executed & { readonly applied: readonly Applied[] }> {
  let { state } = parent;
  const at = (epoch: Epoch): Runtime => new Runtime(state, { ...terms, epoch, randomness });
  for (let epoch = parent.height + 1; epoch < tipSet.height; epoch++) {
    const cron = at(epoch);
    runDeadlineCron(cron);
    state = cron.state;
  }
  const runtime = at(tipSet.height);
  const applied: Applied[] = [];
  const { parentBaseFee } = tipSet.header;
  for (const { signed } of tipSet.messages) {
    const miner = actorIdOf(tipSet.header.miner);
    applied.push(await applyMessage(runtime, signed.message, { baseFee: parentBaseFee, miner, signed }));
  }
  runDeadlineCron(runtime);
  const claims = tipSet.messages.map(({ signed: { message } }) => ({
    limit: message.gasLimit,
    feeCap: message.gasFeeCap,
    premium: message.gasPremium,
  }));
  const receipts = applied.map(({ receipt }) => receipt);
  return {
    state: runtime.state,
    applied,
    result: {
      stateRoot: stateRoot(parent, runtime.state, tipSet.height),
      receipts,
      receiptsRoot: receiptsRoot(receipts).root,
      nextBaseFee: nextBaseFee(parentBaseFee, claims),
    },
  };
}

/** What a deadline's proofs, faults and declarations have made of it. */
function provingState({ partitions, partitionsPoSted, posts, disputable }: Deadline): unknown[] {
  return [
    partitionsPoSted.toJson(),
    posts.length,
    disputable.posts.size,
    ...partitions.flatMap((partition) =>
      [
        partition.sectors,
        partition.unproven,
        partition.faults,
        partition.recoveries,
        partition.terminated,
      ].map((field) => field.toJson()),
    ),
  ];
}

const changeSchema = schema.array(
  schema.tuple({ id: schema.uint, nonce: schema.uint, balance: schema.bigInt, detail: schema.bytes }),
);
const rootSchema = schema.tuple({ parent: schema.cid, height: schema.int, changes: changeSchema });

/**
 * Commits to the history of the state: the parent's root and every actor that changed since. It is not the root
 * of an IPLD state tree, which this chain does not keep.
 */
function stateRoot(
  parent: { readonly height: Epoch; readonly stateRoot: CidString },
  state: ChainState,
  height: Epoch,
): CidString {
  const changes = [...state.actors.values()]
    .filter((actor) => actor.changed > parent.height)
    .map(({ id, nonce, balance, miner }) => ({
      id,
      nonce,
      balance,
      detail: miner
        ? blake2b256(
            new TextEncoder().encode(
              [
                miner.preCommitDeposits,
                miner.initialPledge,
                miner.feeDebt,
                miner.currentDeadline,
                miner.provingPeriodStart,
                miner.preCommits.size,
                miner.sectors.size,
                miner.allocatedSectors.toJson(),
                miner.power.rawBytePower,
                miner.power.qualityAdjPower,
                ...miner.deadlines.flatMap(provingState),
              ].join(),
            ),
          )
        : new Uint8Array(),
    }));
  return dagCborCid(encodeAs(rootSchema, { parent: parent.stateRoot, height, changes }, 'a state root'));
}
