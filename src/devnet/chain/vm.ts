import {
  ACTOR_IDS,
  encodeMessage,
  encodeSignedMessage,
  isKeyAddress,
  METHOD_SEND,
  type Message,
  type MessageReceipt,
  type SignedMessage,
} from '#codec';
import { type ActorId, type AttoFil, BeeproError, type ErrorCode } from '#core';
import { ActorError, EXIT, SendError } from '../actors/actor-error.ts';
import { dispatch } from '../actors/dispatch.ts';
import type { Runtime } from '../actors/runtime.ts';
import { type GasOutputs, gasOutputs } from '../gas/gas-outputs.ts';
import { chargedLength, executionGas, onChainMessageGas } from '../gas/message-gas.ts';

/** What executing one message did. */
export interface Applied {
  readonly receipt: MessageReceipt;
  /** Lotus' account of a failure; empty on success. */
  readonly error: string;
  readonly outputs: GasOutputs;
  /** Gas of storing the message, which the limit must cover before anything runs. */
  readonly storageGas: number;
  readonly receiver: ActorId | null;
}

const NO_OUTPUTS: GasOutputs = {
  baseFeeBurn: 0n,
  overEstimationBurn: 0n,
  minerPenalty: 0n,
  minerTip: 0n,
  refund: 0n,
};

/** Bytes of a message that its storage is charged for. */
export function chargedBytes(message: Message, signed?: SignedMessage): number {
  // Estimates see no signature; a secp256k1 one is 65 bytes and its envelope 4.
  const signedLength = signed ? encodeSignedMessage(signed).length : encodeMessage(message).length + 69;
  return chargedLength(message, encodeMessage(message).length, signedLength);
}

/**
 * Applies a message as a block does: nonce, gas money, the method, fees. A message that its sender cannot pay for
 * is refused whole and pays nothing. Source: FVM `executor/default.rs`.
 */
export async function applyMessage(
  runtime: Runtime,
  message: Message,
  terms: { readonly baseFee: AttoFil; readonly miner: ActorId; readonly signed?: SignedMessage },
): Promise<Applied> {
  const storageGas = onChainMessageGas(chargedBytes(message, terms.signed));
  const refusal = preflight(runtime, message, storageGas);
  const sender = runtime.resolve(message.from);
  if (refusal || sender === undefined) return refused(refusal, storageGas);
  const limitCost = message.gasFeeCap * message.gasLimit;
  const account = runtime.actor(sender);
  runtime.update(sender, { nonce: account.nonce + 1, balance: account.balance - limitCost });
  const beforeCall = runtime.state;
  const called = await call(runtime, message, sender);
  let gasUsed = storageGas + called.gas;
  let { exitCode, error } = called;
  let returned = called.returned;
  if (BigInt(gasUsed) > message.gasLimit) {
    error = backtrace(
      frame(called.receiver ?? sender, message.method, 'out of gas', EXIT.outOfGas),
      EXIT.outOfGas,
    );
    exitCode = EXIT.outOfGas;
    gasUsed = Number(message.gasLimit);
    returned = new Uint8Array();
  }
  if (exitCode !== EXIT.ok) runtime.state = beforeCall;
  const outputs = gasOutputs(
    BigInt(gasUsed),
    message.gasLimit,
    terms.baseFee,
    message.gasFeeCap,
    message.gasPremium,
  );
  payFees(runtime, sender, terms.miner, outputs);
  const receipt: MessageReceipt = { exitCode, return: returned, gasUsed, eventsRoot: null };
  return { receipt, error, outputs, storageGas, receiver: called.receiver };
}

/**
 * Runs a message's call alone, as `StateCall` does: no nonce, no gas limit, no fees.
 */
export async function applyImplicitly(runtime: Runtime, message: Message): Promise<Applied> {
  const sender = runtime.resolve(message.from);
  if (sender === undefined) return refused(undefined, 0);
  const before = runtime.state;
  const called = await call(runtime, message, sender);
  if (called.exitCode !== EXIT.ok) runtime.state = before;
  const receipt = {
    exitCode: called.exitCode,
    return: called.returned,
    gasUsed: called.gas,
    eventsRoot: null,
  };
  return { receipt, error: called.error, outputs: NO_OUTPUTS, storageGas: 0, receiver: called.receiver };
}

interface Refusal {
  readonly exitCode: number;
  readonly message: string;
}

/** Why a message may not even begin. */
function preflight(runtime: Runtime, message: Message, storageGas: number): Refusal | undefined {
  if (BigInt(storageGas) > message.gasLimit)
    return { exitCode: EXIT.outOfGas, message: `Out of gas (${storageGas} > ${message.gasLimit})` };
  const id = runtime.resolve(message.from);
  const sender = id === undefined ? undefined : runtime.state.actors.get(id);
  if (sender?.code !== 'account')
    return { exitCode: EXIT.senderInvalid, message: 'Send not from valid sender' };
  if (sender.nonce !== message.nonce)
    return {
      exitCode: EXIT.senderStateInvalid,
      message: `Actor sequence invalid: ${message.nonce} != ${sender.nonce}`,
    };
  const cost = message.gasFeeCap * message.gasLimit;
  if (sender.balance < cost)
    return {
      exitCode: EXIT.senderStateInvalid,
      message: `Actor balance less than needed: ${sender.balance} < ${cost}`,
    };
  return undefined;
}

function refused(refusal: Refusal | undefined, storageGas: number): Applied {
  const receipt = {
    exitCode: refusal?.exitCode ?? EXIT.senderInvalid,
    return: new Uint8Array(),
    gasUsed: 0,
    eventsRoot: null,
  };
  return { receipt, error: refusal?.message ?? '', outputs: NO_OUTPUTS, storageGas, receiver: null };
}

interface Called {
  readonly exitCode: number;
  readonly error: string;
  readonly returned: Uint8Array;
  readonly gas: number;
  readonly receiver: ActorId | null;
}

async function call(runtime: Runtime, message: Message, sender: ActorId): Promise<Called> {
  const known = runtime.resolve(message.to);
  const created = known === undefined && isKeyAddress(message.to);
  const receiver = known ?? (created ? runtime.createAccount(message.to) : undefined);
  const failed = (exitCode: number, error: string): Called => ({
    exitCode,
    error,
    returned: new Uint8Array(),
    gas: executionGas({ ...work(runtime, message, receiver, created), aborted: true }),
    receiver: receiver ?? null,
  });
  if (receiver === undefined || !runtime.state.actors.has(receiver))
    return failed(
      EXIT.invalidReceiver,
      syscallError(
        `actor does not exist: ${message.to.replace(/^t/, 'f')}`,
        '6: not found',
        EXIT.invalidReceiver,
      ),
    );
  try {
    runtime.transfer(sender, receiver, message.value);
    const { code } = runtime.actor(receiver);
    const returned = await dispatch(code, runtime, {
      caller: sender,
      receiver,
      value: message.value,
      method: message.method,
      params: message.params,
      origin: message.from,
      originNonce: message.nonce,
    });
    const gas = executionGas({ ...work(runtime, message, receiver, created), returnBytes: returned.length });
    return { exitCode: EXIT.ok, error: '', returned, gas, receiver };
  } catch (error) {
    if (error instanceof SendError)
      return failed(error.exitCode, syscallError(error.message, '5: insufficient funds', error.exitCode));
    if (error instanceof ActorError)
      return failed(
        error.exitCode,
        backtrace(frame(receiver, message.method, error.message, error.exitCode), error.exitCode),
      );
    // What an actor cannot read aborts its message; a verifier that cannot tell keeps the block waiting.
    if (error instanceof BeeproError && UNREADABLE.has(error.code))
      return failed(
        EXIT.illegalArgument,
        backtrace(frame(receiver, message.method, error.message, EXIT.illegalArgument), EXIT.illegalArgument),
      );
    throw error;
  }
}

const UNREADABLE: ReadonlySet<ErrorCode> = new Set([
  'ADDRESS_MALFORMED',
  'BITFIELD_MALFORMED',
  'CBOR_MALFORMED',
  'CID_MALFORMED',
]);

function work(runtime: Runtime, message: Message, receiver: ActorId | undefined, created: boolean) {
  const actor = receiver === undefined ? undefined : runtime.state.actors.get(receiver);
  const { sectors, proofs } = runtime.batch;
  return {
    value: message.value,
    method: message.method,
    created,
    actor: actor?.code ?? 'account',
    sectors: message.method === METHOD_SEND ? 0 : sectors,
    proofs: message.method === METHOD_SEND ? 0 : proofs,
    returnBytes: 0,
    aborted: false,
  };
}

function payFees(runtime: Runtime, sender: ActorId, miner: ActorId, outputs: GasOutputs): void {
  const credit = (id: ActorId, amount: AttoFil) => {
    if (amount > 0n) runtime.update(id, { balance: runtime.actor(id).balance + amount });
  };
  credit(ACTOR_IDS.burntFunds, outputs.baseFeeBurn + outputs.overEstimationBurn);
  credit(miner, outputs.minerTip);
  credit(sender, outputs.refund);
}

function frame(actor: ActorId, method: number, message: string, exitCode: number): string {
  return `00: f0${actor} (method ${method}) -- ${message} (${exitCode})\n`;
}

function syscallError(message: string, syscall: string, exitCode: number): string {
  return backtrace(`--> caused by: send::send -- ${message} (${syscall})\n`, exitCode);
}

function backtrace(frames: string, exitCode: number): string {
  return `message failed with backtrace:\n${frames} (RetCode=${exitCode})`;
}
