import {
  type ActorMethod,
  decodeParamsOf,
  encodeReturn,
  METHOD_SEND,
  MINER_METHODS,
  POWER_METHODS,
} from '#codec';
import type { ActorCode } from '../state/index.ts';
import { ActorError, EXIT } from './actor-error.ts';
import { changeWorkerAddress, confirmChangeWorkerAddress, repayFeeDebt } from './miner/account.ts';
import { compactPartitions } from './miner/compact.ts';
import { disputeWindowedPoSt } from './miner/dispute.ts';
import { extendSectorExpiration2 } from './miner/extend.ts';
import { declareFaults, declareFaultsRecovered } from './miner/faults.ts';
import { preCommitSectorBatch2 } from './miner/pre-commit.ts';
import { proveCommitSectors3 } from './miner/prove-commit.ts';
import { terminateSectors } from './miner/terminate.ts';
import { submitWindowedPoSt } from './miner/window-post.ts';
import { withdrawBalance } from './miner/withdraw.ts';
import { createMiner } from './power/create-miner.ts';
import type { Invocation, Runtime } from './runtime.ts';

type Handler = (runtime: Runtime, call: Invocation) => Promise<Uint8Array>;

function handler<P, R>(
  method: ActorMethod<P, R>,
  run: (runtime: Runtime, call: Invocation, params: P) => R | Promise<R>,
): readonly [string, Handler] {
  return [
    `${method.actor} ${method.number}`,
    async (runtime, call) =>
      encodeReturn(method, await run(runtime, call, decodeStrictly(method, call.params))),
  ];
}

const HANDLERS: ReadonlyMap<string, Handler> = new Map([
  handler(POWER_METHODS.CreateMiner, createMiner),
  handler(MINER_METHODS.PreCommitSectorBatch2, (runtime, call, params): undefined => {
    preCommitSectorBatch2(runtime, call, params);
  }),
  handler(MINER_METHODS.ProveCommitSectors3, proveCommitSectors3),
  handler(MINER_METHODS.WithdrawBalance, withdrawBalance),
  handler(MINER_METHODS.RepayDebt, repayFeeDebt),
  handler(MINER_METHODS.ChangeWorkerAddress, changeWorkerAddress),
  handler(MINER_METHODS.ConfirmChangeWorkerAddress, confirmChangeWorkerAddress),
  handler(MINER_METHODS.SubmitWindowedPoSt, submitWindowedPoSt),
  handler(MINER_METHODS.DisputeWindowedPoSt, disputeWindowedPoSt),
  handler(MINER_METHODS.DeclareFaults, declareFaults),
  handler(MINER_METHODS.DeclareFaultsRecovered, declareFaultsRecovered),
  handler(MINER_METHODS.TerminateSectors, terminateSectors),
  handler(MINER_METHODS.ExtendSectorExpiration2, extendSectorExpiration2),
  handler(MINER_METHODS.CompactPartitions, compactPartitions),
]);

/** Runs a method of an actor; a plain transfer has none. @throws ActorError */
export async function dispatch(code: ActorCode, runtime: Runtime, call: Invocation): Promise<Uint8Array> {
  if (call.method === METHOD_SEND) return new Uint8Array();
  const run = HANDLERS.get(`${code} ${call.method}`);
  if (!run) throw new ActorError(EXIT.unhandledMessage, `invalid method: ${call.method}`);
  return run(runtime, call);
}

/** The words are those of the actors' CBOR decoder where they are known. */
function decodeStrictly<P, R>(method: ActorMethod<P, R>, bytes: Uint8Array): P {
  try {
    return decodeParamsOf(method, bytes, 't');
  } catch (cause) {
    throw new ActorError(
      EXIT.serialization,
      `Serialization error for Cbor protocol: ${describe(method, bytes, cause)}`,
    );
  }
}

/** Fields of the methods' outermost tuples, which the decoder names when the count is wrong. */
const TUPLE_FIELDS: Readonly<Record<string, number>> = {
  PreCommitSectorBatch2: 1,
  ProveCommitSectors3: 6,
  WithdrawBalance: 1,
  ChangeWorkerAddress: 2,
  CreateMiner: 5,
  SubmitWindowedPoSt: 5,
  DisputeWindowedPoSt: 2,
  DeclareFaults: 1,
  DeclareFaultsRecovered: 1,
  TerminateSectors: 1,
  ExtendSectorExpiration2: 1,
  CompactPartitions: 2,
};

function describe(method: { readonly name: string }, bytes: Uint8Array, cause: unknown): string {
  const fields = TUPLE_FIELDS[method.name];
  const [head] = bytes;
  const length = head === undefined ? undefined : head - 0x80;
  if (fields !== undefined && length !== undefined && length >= 0 && length < fields)
    return `Msg("invalid length ${length}, expected tuple struct Inner with ${fields} element${fields === 1 ? '' : 's'}")`;
  return `Msg(${JSON.stringify(cause instanceof Error ? cause.message : String(cause))})`;
}
