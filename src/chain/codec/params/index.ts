import type { ActorKind } from '../actors.ts';
import type { AddressPrefix } from '../address.ts';
import { type ActorMethod, decodeParamsOf, decodeReturnOf, unknownMethod } from './method.ts';
import { MINER_ACCOUNT_METHODS, POWER_METHODS } from './miner-account.ts';
import { PROVING_METHODS } from './proving.ts';
import { SEALING_METHODS } from './sealing.ts';

export {
  type BatchReturn,
  batchReturnOf,
  exitCodesOf,
} from './batch-return.ts';
export {
  type ActorMethod,
  decodeParamsOf,
  decodeReturnOf,
  encodeParams,
  encodeReturn,
  type ParamsOf,
  type ReturnOf,
} from './method.ts';
export type { CreateMinerParams, CreateMinerReturn } from './miner-account.ts';
export type { ExpirationExtension2, SectorDeclaration, SubmitWindowedPoStParams } from './proving.ts';
export type {
  PieceActivationManifest,
  PreCommitSectorBatch2Params,
  ProveCommitSectors3Params,
  ProveCommitSectorsNIParams,
  ProveReplicaUpdates3Params,
  SectorActivationManifest,
  SectorPreCommitInfo,
} from './sealing.ts';
export { POWER_METHODS };

/** The miner actor's methods of network version 28, by name. */
export const MINER_METHODS = { ...MINER_ACCOUNT_METHODS, ...SEALING_METHODS, ...PROVING_METHODS } as const;

type AnyMethod = ActorMethod<unknown, unknown>;

const BY_NUMBER: ReadonlyMap<string, AnyMethod> = new Map(
  [...Object.values(MINER_METHODS), ...Object.values(POWER_METHODS)].map((method) => [
    `${method.actor} ${method.number}`,
    method as unknown as AnyMethod,
  ]),
);

export function findMethod(actor: ActorKind, number: number): AnyMethod | undefined {
  return BY_NUMBER.get(`${actor} ${number}`);
}

/**
 * Parameters of a message to an actor of this kind, by method number.
 * @throws BeeproError `NOT_FOUND` for a method that is not known here, `CBOR_MALFORMED`
 */
export function decodeParams(
  actor: ActorKind,
  number: number,
  bytes: Uint8Array,
  prefix: AddressPrefix,
): { readonly name: string; readonly params: unknown } {
  const method = findMethod(actor, number);
  if (!method) throw unknownMethod(actor, number);
  return { name: method.name, params: decodeParamsOf(method, bytes, prefix) };
}

/** @throws BeeproError `NOT_FOUND`, `CBOR_MALFORMED` */
export function decodeReturn(
  actor: ActorKind,
  number: number,
  bytes: Uint8Array,
  prefix: AddressPrefix,
): { readonly name: string; readonly value: unknown } {
  const method = findMethod(actor, number);
  if (!method) throw unknownMethod(actor, number);
  return { name: method.name, value: decodeReturnOf(method, bytes, prefix) };
}
