import type { BitField } from '#codec';

/** Exit codes that actors abort with. Source: fvm_shared `error::ExitCode`; miner's own in `actors/miner`. */
export const EXIT = {
  ok: 0,
  senderInvalid: 1,
  senderStateInvalid: 2,
  invalidReceiver: 5,
  insufficientFunds: 6,
  outOfGas: 7,
  illegalArgument: 16,
  notFound: 17,
  forbidden: 18,
  userInsufficientFunds: 19,
  illegalState: 20,
  serialization: 21,
  unhandledMessage: 22,
  assertionFailed: 24,
  balanceInvariantsBroken: 1000,
  notificationReceiverAborted: 1002,
} as const;

/** An actor's abort: everything the method did is undone, and the receipt carries the code. */
export class ActorError extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.name = 'ActorError';
    this.exitCode = exitCode;
  }
}

export function illegalArgument(message: string): ActorError {
  return new ActorError(EXIT.illegalArgument, message);
}

export function forbidden(message: string): ActorError {
  return new ActorError(EXIT.forbidden, message);
}

/** Runs a step of a method whose abort is told with what was being done, under the same code. */
export function within<T>(words: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (error instanceof ActorError) throw new ActorError(error.exitCode, `${words}: ${error.message}`);
    throw error;
  }
}

/** Lets a failed system call abort the message without naming an actor's frame, as the VM's own sends do. */
export class SendError extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.name = 'SendError';
    this.exitCode = exitCode;
  }
}

/** A bitfield as the actors print it: its ranges. */
export function printBitField(field: BitField): string {
  return `{${field.ranges.map(({ start, end }) => (end === start + 1 ? start : `${start}-${end - 1}`)).join(', ')}}`;
}

/** FIL as the actors print it in errors: always with a decimal point. Source: fvm_shared `TokenAmount`. */
export function printFil(amount: bigint): string {
  const sign = amount < 0n ? '-' : '';
  const digits = (amount < 0n ? -amount : amount).toString().padStart(19, '0');
  const fraction = digits.slice(-18).replace(/0+$/, '');
  return `${sign}${digits.slice(0, -18)}.${fraction === '' ? '0' : fraction}`;
}
