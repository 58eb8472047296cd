import { BeeproError, type ErrorCode } from '#core';

/** An error as JSON-RPC carries it. */
export interface RpcErrorBody {
  readonly code: number;
  readonly message: string;
}

/** Which node and which method the error is about. */
export interface RpcErrorSite {
  readonly node: string;
  readonly method: string;
}

/** Codes of the transport and of Lotus' typed errors. Source: go-jsonrpc, Lotus `api/api_errors.go`. */
const BY_CODE: Readonly<Record<number, ErrorCode>> = {
  [-32601]: 'CHAIN_METHOD_UNKNOWN',
  [-32600]: 'CHAIN_BAD_PARAMS',
  [-32602]: 'CHAIN_BAD_PARAMS',
  [-32700]: 'CHAIN_BAD_PARAMS',
  [-32002]: 'CHAIN_STATE_UNAVAILABLE',
  [-32005]: 'CHAIN_RATE_LIMITED',
  2: 'CHAIN_OUT_OF_GAS',
  3: 'CHAIN_EXECUTION_REVERTED',
  11: 'CHAIN_ACTOR_NOT_FOUND',
  12: 'CHAIN_NULL_ROUND',
};

/**
 * Lotus gives most failures code 1 and says what they are in words only. In this order, the first that matches.
 * Source: Lotus `chain/messagepool/messagepool.go`, `chain/rand`, `chain/store`, `lib/sigs`, go-jsonrpc `auth`.
 */
const BY_TEXT: readonly (readonly [RegExp, ErrorCode])[] = [
  [/missing permission to invoke/, 'CHAIN_AUTH_REFUSED'],
  [/replace by fee has too low GasPremium/, 'CHAIN_FEE_TOO_LOW'],
  [/message with nonce already exists/, 'CHAIN_NONCE_TAKEN'],
  [/message nonce too low|minimum expected nonce/, 'CHAIN_NONCE_TOO_LOW'],
  [/nonce gap|too big a gap from expected nonce/, 'CHAIN_NONCE_GAP'],
  [/not enough funds/, 'CHAIN_SENDER_FUNDS'],
  [/signature verification failed|invalid signature for message/, 'CHAIN_SIGNATURE_REFUSED'],
  [/too many pending messages/, 'CHAIN_MEMPOOL_FULL'],
  [/message too big/, 'CHAIN_MESSAGE_TOO_BIG'],
  [/gas fee cap too low|GasFeeCap doesn't meet base fee/, 'CHAIN_FEE_TOO_LOW'],
  [/call ran out of gas|SysErrOutOfGas/, 'CHAIN_OUT_OF_GAS'],
  [/message execution failed/, 'CHAIN_EXECUTION_REVERTED'],
  [/cannot draw randomness from the future/, 'CHAIN_FUTURE_RANDOMNESS'],
  [/height greater than start point/, 'CHAIN_FUTURE_RANDOMNESS'],
  [/not due at any deadline/, 'CHAIN_SECTOR_NOT_DUE'],
  [/actor code is not account/, 'CHAIN_NOT_AN_ACCOUNT'],
  [/actor not found/, 'CHAIN_ACTOR_NOT_FOUND'],
  [/key (info )?not found/, 'WALLET_KEY_MISSING'],
  [/null round/, 'CHAIN_NULL_ROUND'],
  [/block not found|could not find .*bafy|ipld: could not find/, 'CHAIN_STATE_UNAVAILABLE'],
  [/rate limit|too many requests/i, 'CHAIN_RATE_LIMITED'],
];

/** An error answer of a node as one of ours. */
export function rpcError(site: RpcErrorSite, body: RpcErrorBody): BeeproError {
  const code =
    (isOutOfGas(body) ? 'CHAIN_OUT_OF_GAS' : undefined) ??
    BY_CODE[body.code] ??
    BY_TEXT.find(([pattern]) => pattern.test(body.message))?.[1] ??
    'CHAIN_RPC_FAILED';
  return new BeeproError(code, {
    node: site.node,
    method: site.method,
    rpcCode: body.code,
    detail: body.message,
    exitCode: exitCodeIn(body.message) ?? 'unknown',
    address: addressIn(body.message) ?? 'the address asked',
  });
}

/** An estimate that runs out of gas in a sub-call comes as a revert with exit code 7. */
function isOutOfGas(body: RpcErrorBody): boolean {
  return body.code === 3 && /exit=\[SysErrOutOfGas/.test(body.message);
}

/** `exit=[ErrSerialization(21)]`. */
function exitCodeIn(message: string): number | undefined {
  const match = /exit=\[\w*\(?(\d+)\)?\]/.exec(message) ?? /\(RetCode=(\d+)\)/.exec(message);
  return match ? Number(match[1]) : undefined;
}

function addressIn(message: string): string | undefined {
  return /\b([tf][0-4][a-z0-9]+)\b/.exec(message)?.[1];
}
