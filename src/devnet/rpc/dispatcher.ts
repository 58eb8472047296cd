import { z } from 'zod';
import { LOTUS_METHODS, type LotusMethod } from '#chain';
import type { ControlMethods } from '../control/control-method.ts';
import type { FaultGate } from '../faults/fault-gate.ts';
import { bent } from '../faults/lies.ts';
import { LotusError } from '../lotus-error.ts';
import { asLotusWrites } from './answer-shapes.ts';
import { PERMISSIONS, type Permission } from './auth.ts';
import type { RpcContext } from './context.ts';
import type { Handlers } from './handlers.ts';
import { ACTOR_HANDLERS } from './methods/actors.ts';
import { CHAIN_HANDLERS } from './methods/chain.ts';
import { GAS_HANDLERS } from './methods/gas.ts';
import { MESSAGE_HANDLERS } from './methods/messages.ts';
import { MINER_HANDLERS } from './methods/miner.ts';
import { NODE_HANDLERS } from './methods/node.ts';
import { RANDOMNESS_HANDLERS } from './methods/randomness.ts';
import { WALLET_HANDLERS } from './methods/wallet.ts';
import { decodeParam, ParamError } from './params.ts';
import { permissionFor } from './permissions.ts';

const HANDLERS: Handlers = {
  ...ACTOR_HANDLERS,
  ...CHAIN_HANDLERS,
  ...GAS_HANDLERS,
  ...MESSAGE_HANDLERS,
  ...MINER_HANDLERS,
  ...NODE_HANDLERS,
  ...RANDOMNESS_HANDLERS,
  ...WALLET_HANDLERS,
};

export const rpcRequest = z.object({
  id: z.union([z.number(), z.string(), z.null()]).optional(),
  method: z.string(),
  params: z.unknown().optional(),
});
export type RpcRequest = z.output<typeof rpcRequest>;

export interface RpcAnswer {
  readonly jsonrpc: '2.0';
  readonly id: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

/** Codes of go-jsonrpc. */
const METHOD_NOT_FOUND = -32601;
const INVALID_PARAMS = -32602;
const PARSE_ERROR = -32700;

/** The HTTP status of an answer: calls that were not understood are the server's errors, as go-jsonrpc has it. */
export function httpStatusOf(answer: RpcAnswer): number {
  return answer.error && answer.error.code <= METHOD_NOT_FOUND ? 500 : 200;
}

function failure(id: unknown, code: number, message: string, data?: unknown): RpcAnswer {
  return { jsonrpc: '2.0', id, error: data === undefined ? { code, message } : { code, message, data } };
}

const FILECOIN = 'Filecoin.';
const CONTROL = 'Devnet.';

/** Calls that no fault of a node stops: by them it is healed. */
export function isControl({ method }: Pick<RpcRequest, 'method'>): boolean {
  return method.startsWith(CONTROL);
}

/** Answers one call, whatever the connection. */
export class Dispatcher {
  readonly #context: Omit<RpcContext, 'signal'>;
  readonly #control: ControlMethods;
  readonly gate: FaultGate;

  constructor(context: Omit<RpcContext, 'signal'>, control: ControlMethods, gate: FaultGate) {
    this.#context = context;
    this.#control = control;
    this.gate = gate;
  }

  async answer(request: RpcRequest, allowed: readonly Permission[], signal: AbortSignal): Promise<RpcAnswer> {
    const { id = null, method } = request;
    const params = request.params ?? [];
    if (!Array.isArray(params)) return failure(id, PARSE_ERROR, 'params must be an array');
    try {
      if (isControl(request)) return await this.#answerControl(id, method, params, allowed);
      const name = method.startsWith(FILECOIN) ? method.slice(FILECOIN.length) : '';
      if (!Object.hasOwn(HANDLERS, name))
        return failure(id, METHOD_NOT_FOUND, `method '${method}' not found`);
      return await this.#answerLotus(id, name as LotusMethod, params, allowed, signal);
    } catch (error) {
      return failureOf(id, error);
    }
  }

  async #answerLotus(
    id: unknown,
    name: LotusMethod,
    params: readonly unknown[],
    allowed: readonly Permission[],
    signal: AbortSignal,
  ): Promise<RpcAnswer> {
    const definition = LOTUS_METHODS[name];
    const schemas: readonly z.ZodType[] = definition.params;
    if (params.length !== schemas.length)
      return failure(
        id,
        INVALID_PARAMS,
        `wrong param count (method 'Filecoin.${name}'): ${params.length} != ${schemas.length}`,
      );
    let decoded: unknown[];
    try {
      decoded = schemas.map((schema, index) => decodeParam(schema, params[index]));
    } catch (error) {
      if (!(error instanceof ParamError)) throw error;
      return failure(
        id,
        PARSE_ERROR,
        `unmarshaling params for 'Filecoin.${name}' (param: ${error.goType}): ${error.message}`,
      );
    }
    const needed = permissionFor(name);
    if (!allowed.includes(needed))
      throw new LotusError(`missing permission to invoke '${name}' (need '${needed}')`);
    const handler = HANDLERS[name] as (context: RpcContext, ...params: unknown[]) => unknown;
    const truth = await handler({ ...this.#context, signal }, ...decoded);
    const value = bent(this.gate.faults.lie, this.#context.chain.options.randomness.seed, name, truth);
    const json = z.encode(definition.result as z.ZodType, value);
    return { jsonrpc: '2.0', id, result: asLotusWrites(name, json, value) };
  }

  async #answerControl(
    id: unknown,
    method: string,
    params: readonly unknown[],
    allowed: readonly Permission[],
  ): Promise<RpcAnswer> {
    const name = method.slice(CONTROL.length);
    const control = Object.hasOwn(this.#control, name) ? this.#control[name] : undefined;
    if (!control) return failure(id, METHOD_NOT_FOUND, `method '${method}' not found`);
    if (!allowed.includes(PERMISSIONS[3]))
      throw new LotusError(`missing permission to invoke '${name}' (need 'admin')`);
    try {
      return { jsonrpc: '2.0', id, result: (await control.call(params[0] ?? {})) ?? null };
    } catch (error) {
      if (error instanceof z.ZodError) return failure(id, INVALID_PARAMS, z.prettifyError(error));
      throw error;
    }
  }
}

/** What a handler threw, as Lotus would say it; anything unexpected is code 1 too, with its message. */
function failureOf(id: unknown, error: unknown): RpcAnswer {
  if (error instanceof LotusError) return failure(id, error.code, error.message, error.data);
  return failure(id, 1, error instanceof Error ? error.message : String(error));
}
