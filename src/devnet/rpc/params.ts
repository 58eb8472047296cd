import { z } from 'zod';
import { LOTUS_METHODS } from '#chain';
import { parseCid } from '#codec';

const ADDRESS = LOTUS_METHODS.StateAccountKey.params[0];
const TIPSET_KEY = LOTUS_METHODS.StateAccountKey.params[1];
const CID = LOTUS_METHODS.ChainGetBlock.params[0];

/** How Go names the type of a parameter in errors, and what it says of a bad one. */
interface GoType {
  readonly name: string;
  describe(value: unknown): string;
}

const GO_TYPES: ReadonlyMap<z.ZodType, GoType> = new Map<z.ZodType, GoType>([
  [ADDRESS, { name: '*address.Address', describe: describeAddress }],
  [CID, { name: '*cid.Cid', describe: describeCid }],
  [
    TIPSET_KEY,
    { name: '*types.TipSetKey', describe: (value) => describeCid(Array.isArray(value) ? value[0] : value) },
  ],
  [LOTUS_METHODS.StateMinerPartitions.params[1], { name: '*uint64', describe: describeNumber }],
  [LOTUS_METHODS.ChainGetTipSetByHeight.params[0], { name: '*abi.ChainEpoch', describe: describeNumber }],
  [LOTUS_METHODS.MpoolPush.params[0], { name: '*types.SignedMessage', describe: describeObject }],
  [LOTUS_METHODS.StateCall.params[0], { name: '*types.Message', describe: describeObject }],
]);

const OTHER: GoType = { name: '*interface {}', describe: describeObject };

/** A parameter that could not be read: what the error names, and why. */
export class ParamError extends Error {
  readonly goType: string;

  constructor(goType: string, detail: string) {
    super(detail);
    this.name = 'ParamError';
    this.goType = goType;
  }
}

/** @throws ParamError */
export function decodeParam(schema: z.ZodType, value: unknown): unknown {
  const parsed = z.safeDecode(schema, value as never);
  if (!parsed.success) {
    const type = GO_TYPES.get(schema) ?? OTHER;
    throw new ParamError(type.name, type.describe(value));
  }
  return canonical(schema, parsed.data);
}

/** One text for each CID: unused bits of its last character do not matter. */
function canonical(schema: z.ZodType, value: unknown): unknown {
  if (schema === CID) return parseCid(value as string).toString();
  if (schema === TIPSET_KEY) return (value as string[]).map((cid) => parseCid(cid).toString());
  return value;
}

const PAYLOAD_LENGTH: Readonly<Record<string, number>> = { 1: 20, 2: 20, 3: 48 };
const CHECKSUM_LENGTH = 4;

/** Source: go-address `NewFromString`. */
function describeAddress(value: unknown): string {
  if (typeof value !== 'string') return describeObject(value);
  if (value.length < 3 || value.length > 115) return 'invalid address length';
  if (value[0] !== 't' && value[0] !== 'f') return 'unknown address network';
  const protocol = value[1] ?? '';
  if (!/[0-4]/.test(protocol)) return 'unknown address protocol';
  if (protocol === '0') return 'invalid address payload';
  const expected = PAYLOAD_LENGTH[protocol];
  const decoded = Math.floor(((value.length - 2) * 5) / 8) - CHECKSUM_LENGTH;
  if (!/^[a-z2-7]*$/.test(value.slice(2))) return 'illegal base32 data';
  return expected !== undefined && decoded !== expected
    ? 'invalid address length'
    : 'invalid address checksum';
}

/** Source: go-cid `Cid.UnmarshalJSON`. */
function describeCid(value: unknown): string {
  const text: unknown = (value as { '/'?: unknown } | null)?.['/'];
  if (typeof text !== 'string') return 'invalid cid: cid json is missing its link';
  if (text.length < 2) return 'invalid cid: invalid cid: cid too short';
  const encoding = /^(b|z|f|u|m|Qm)/.test(text);
  return encoding
    ? 'invalid cid: invalid cid: expected 1 as the cid version number'
    : 'invalid cid: invalid cid: selected encoding not supported';
}

function describeNumber(value: unknown): string {
  return `json: cannot unmarshal ${goKind(value)} into Go value of type uint64`;
}

function describeObject(value: unknown): string {
  return `json: cannot unmarshal ${goKind(value)}`;
}

function goKind(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'number' ? `number ${value}` : typeof value;
}
