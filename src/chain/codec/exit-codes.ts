/** Exit codes of message execution. Source: go-state-types `exitcode`, fvm_shared `error`. */
export const EXIT_CODES = {
  0: 'Ok',
  1: 'SysErrSenderInvalid',
  2: 'SysErrSenderStateInvalid',
  4: 'SysErrIllegalInstruction',
  5: 'SysErrInvalidReceiver',
  6: 'SysErrInsufficientFunds',
  7: 'SysErrOutOfGas',
  9: 'SysErrIllegalExitCode',
  10: 'SysErrFatal',
  11: 'SysErrMissingReturn',
  16: 'ErrIllegalArgument',
  17: 'ErrNotFound',
  18: 'ErrForbidden',
  19: 'ErrInsufficientFunds',
  20: 'ErrIllegalState',
  21: 'ErrSerialization',
  22: 'ErrUnhandledMessage',
  23: 'ErrUnspecified',
  24: 'ErrAssertionFailed',
  25: 'ErrReadOnly',
  26: 'ErrNotPayable',
  1000: 'ErrBalanceInvariantsBroken',
  1001: 'ErrNotificationSendFailed',
  1002: 'ErrNotificationReceiverAborted',
  1003: 'ErrNotificationResponseInvalid',
  1004: 'ErrNotificationRejected',
} as const satisfies Readonly<Record<number, string>>;

export const EXIT_OK = 0;
export const EXIT_OUT_OF_GAS = 7;

/** `ErrIllegalArgument(16)`, as Lotus prints it; the bare number for an unknown code. */
export function exitCodeText(code: number): string {
  const name = (EXIT_CODES as Readonly<Record<number, string>>)[code];
  return name ? `${name}(${code})` : String(code);
}
