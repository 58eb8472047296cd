import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { headChange, LOTUS_METHODS, rpcError, writeJsonText } from '#chain';
import { type ErrorCode, isBeeproError } from '#core';
import {
  lotusRecordings,
  type Recording,
  recordedResult,
  recordedSubscription,
} from '../../support/lotus-recordings.ts';

const isError = ({ response }: Recording) => typeof response === 'string' || response.error !== undefined;
const answers = lotusRecordings().filter((recording) => !isError(recording));

/** Fields that Lotus writes, this project does not read, and the schemas therefore drop. */
const DROPPED = new Set([
  'Agent',
  'ForkUpgradeParams',
  'Eip155ChainID',
  'Start',
  'End',
  'ExecutionTrace',
  'GasCost',
  'Duration',
]);

function without(value: unknown, dropped: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.map((item) => without(item, dropped));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !dropped.has(name))
      .map(([name, item]) => [name, without(item, dropped)]),
  );
}

function schemaOf(recording: Recording): z.ZodType {
  if (!recording.method) throw new Error(`${recording.request.method} is not in the contract`);
  return LOTUS_METHODS[recording.method].result;
}

const resultOf = (recording: Recording): unknown =>
  typeof recording.response === 'string' ? undefined : recording.response.result;

describe('every recorded answer', () => {
  it.each(answers)('$name parses, and is written as Lotus wrote it', (recording) => {
    const schema = schemaOf(recording);
    const parsed = z.decode(schema, resultOf(recording) as never);
    const written: unknown = JSON.parse(writeJsonText(z.encode(schema, parsed)));
    const recorded: unknown = JSON.parse(writeJsonText(resultOf(recording)));
    expect(without(written, DROPPED)).toEqual(without(recorded, DROPPED));
  });
});

describe('the parameters of every recorded request', () => {
  const understood = lotusRecordings().filter(
    // Requests that are malformed on purpose.
    ({ name, method }) => method && !/^(040|073|093|119|128|129|130|131)-/.test(name),
  );

  it.each(understood)('$name reads and writes unchanged', ({ method, request }) => {
    if (!method) return;
    const { params } = LOTUS_METHODS[method];
    expect(request.params.length).toBe(params.length);
    params.forEach((schema: z.ZodType, index: number) => {
      const recorded = request.params[index];
      const written = JSON.parse(writeJsonText(z.encode(schema, z.decode(schema, recorded as never))));
      const cids = new Set(['CID']);
      expect(without(written, cids)).toEqual(without(JSON.parse(writeJsonText(recorded)), cids));
    });
  });
});

describe('every recorded error', () => {
  const EXPECTED: Readonly<Record<string, ErrorCode>> = {
    '041': 'CHAIN_RPC_FAILED',
    '048': 'CHAIN_SECTOR_NOT_DUE',
    '059': 'CHAIN_FUTURE_RANDOMNESS',
    '072': 'CHAIN_NOT_AN_ACCOUNT',
    '073': 'CHAIN_BAD_PARAMS',
    '076': 'CHAIN_ACTOR_NOT_FOUND',
    '093': 'CHAIN_BAD_PARAMS',
    '098': 'CHAIN_EXECUTION_REVERTED',
    '099': 'CHAIN_EXECUTION_REVERTED',
    '102': 'CHAIN_SIGNATURE_REFUSED',
    '104': 'CHAIN_NONCE_TAKEN',
    '124': 'CHAIN_AUTH_REFUSED',
    '127': 'CHAIN_METHOD_UNKNOWN',
    '128': 'CHAIN_BAD_PARAMS',
    '129': 'CHAIN_BAD_PARAMS',
    '130': 'CHAIN_BAD_PARAMS',
    '131': 'CHAIN_BAD_PARAMS',
  };
  const errors = lotusRecordings().flatMap(({ name, request, response }) =>
    typeof response === 'string' || !response.error
      ? []
      : [{ name, method: request.method, body: response.error }],
  );

  it.each(errors)('$name has its code', ({ name, method, body }) => {
    const error = rpcError({ node: 'n', method }, body);
    expect(error.code).toBe(EXPECTED[name.slice(0, 3)]);
    expect(error.message).not.toMatch(/\{\w+\}/);
    expect(error.cure).not.toBe('');
  });

  it('is in the table, all of them', () => {
    expect(errors.map(({ name }) => name.slice(0, 3))).toEqual(Object.keys(EXPECTED).sort());
  });

  it.each([
    [{ code: 2, message: 'call ran out of gas' }, 'CHAIN_OUT_OF_GAS'],
    [
      { code: 3, message: 'message execution failed (exit=[SysErrOutOfGas(7)], vm error=[])' },
      'CHAIN_OUT_OF_GAS',
    ],
    [{ code: 11, message: 'actor not found' }, 'CHAIN_ACTOR_NOT_FOUND'],
    [
      { code: 1, message: 'minimum expected nonce is 5, got 4: message nonce too low' },
      'CHAIN_NONCE_TOO_LOW',
    ],
    [
      { code: 1, message: 'failed to add locked: message has too big a gap: unfulfilled nonce gap' },
      'CHAIN_NONCE_GAP',
    ],
    [
      {
        code: 1,
        message:
          'message from t1x with nonce 4 already in mpool, increase GasPremium to 12 from 10: replace by fee has too low GasPremium',
      },
      'CHAIN_FEE_TOO_LOW',
    ],
    [{ code: 1, message: 'mpool message too large (70000B): message too big' }, 'CHAIN_MESSAGE_TOO_BIG'],
    [
      {
        code: 1,
        message:
          'not enough funds (required: 1 FIL, balance: 0 FIL): not enough funds to execute transaction',
      },
      'CHAIN_SENDER_FUNDS',
    ],
    [{ code: 1, message: 'signing using key t3x: key info not found' }, 'WALLET_KEY_MISSING'],
    [{ code: -32005, message: 'limit' }, 'CHAIN_RATE_LIMITED'],
    [{ code: 77, message: 'something new' }, 'CHAIN_RPC_FAILED'],
  ] as const)('%j is %s', (body, code) => {
    expect(rpcError({ node: 'n', method: 'M' }, body).code).toBe(code);
  });

  it('a revert carries the exit code', () => {
    const revert = errors.find(({ name }) => name.startsWith('099'));
    const error = revert && rpcError({ node: 'n', method: 'GasEstimateMessageGas' }, revert.body);
    expect(isBeeproError(error) && error.data.exitCode).toBe(21);
  });
});

describe('the recorded subscription', () => {
  it('gives a current and then applied tipsets', () => {
    const values = recordedSubscription().flatMap(({ frame }) =>
      frame.method === 'xrpc.ch.val' ? [(frame.params as unknown[])[1]] : [],
    );
    const changes = values.flatMap((value) => z.decode(z.array(headChange), value as never));
    expect(changes.map(({ type, val }) => [type, val.height])).toEqual([
      ['current', 1040],
      ['apply', 1041],
      ['apply', 1042],
    ]);
  });
});

it('numbers beyond 2^53 stay exact', () => {
  const call = z.decode(LOTUS_METHODS.StateCall.result, recordedResult('111') as never);
  expect(call.msg.gasLimit).toBe(4611686018427387903n);
});
