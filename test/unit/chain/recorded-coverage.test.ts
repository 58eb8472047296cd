import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  type ChainApi,
  createLotusClient,
  headChange,
  LOTUS_METHODS,
  parseJsonText,
  writeJsonText,
} from '#chain';
import { BitField, decodeParams, fromBase64, toBase64 } from '#codec';
import { isBeeproError } from '#core';
import {
  lotusRecordings,
  type Recording,
  recordedResult,
  recordedSubscription,
} from '../../support/lotus-recordings.ts';
import { ScriptedNode } from '../../support/scripted-node.ts';

const recordings = lotusRecordings();

describe('the recordings', () => {
  it('are all read: no file lies there that no test decodes', () => {
    const files = readdirSync(new URL('../../fixtures/lotus-rpc/', import.meta.url));
    const read = new Set(recordings.map(({ name }) => `${name}.json`));
    expect(files.filter((file) => !read.has(file))).toEqual(['200-ws-ChainNotify.json', 'README.md']);
  });

  it('are of methods that the project speaks, but for the one that no node has', () => {
    const unknown = recordings.filter(({ method }) => !method).map(({ request }) => request.method);
    expect(unknown).toEqual(['Filecoin.NoSuchMethod']);
  });
});

describe('every recorded exchange, played to the client', () => {
  let node: ScriptedNode;
  let chain: ChainApi;
  beforeAll(async () => {
    node = await ScriptedNode.start();
    chain = createLotusClient({ url: node.url, token: () => 'the token' });
  });
  afterAll(async () => {
    await chain.close();
    await node[Symbol.asyncDispose]();
  });

  const playable = recordings.flatMap((recording) =>
    recording.method ? [{ name: recording.name, method: recording.method, recording }] : [],
  );

  it.each(playable)(
    '$name is an answer, or an error with a code of its own',
    async ({ method, recording }) => {
      node.onRequest = (_request, reply) => {
        reply.writeHead(recording.httpStatus, { 'content-type': 'application/json' });
        const { response } = recording;
        reply.end(typeof response === 'string' ? response : writeJsonText(response));
      };
      // The parameters do not matter to a recording, and some were malformed on purpose.
      const call = sendAnything(chain, method);
      if (isRefusal(recording)) {
        await expect(call).rejects.toSatisfy((error) => isBeeproError(error) && error.code !== 'INTERNAL');
      } else {
        const { result } = recording.response as { result: unknown };
        const schema: z.ZodType = LOTUS_METHODS[method].result;
        expect(await call).toEqual(z.decode(schema, (result ?? null) as never));
      }
    },
  );
});

function isRefusal({ response }: Recording): boolean {
  return typeof response === 'string' || response.error !== undefined;
}

/** Calls a method with the first recorded parameters that it takes. */
function sendAnything(chain: ChainApi, method: keyof typeof LOTUS_METHODS): Promise<unknown> {
  const name = method.charAt(0).toLowerCase() + method.slice(1);
  const schemas: readonly z.ZodType[] = LOTUS_METHODS[method].params;
  for (const { request, method: recorded } of recordings) {
    if (recorded !== method || request.params.length !== schemas.length) continue;
    const read = schemas.map((schema, index) => z.safeDecode(schema, request.params[index] as never));
    if (read.every((param) => param.success))
      return (chain as unknown as Record<string, (...params: unknown[]) => Promise<unknown>>)[name]?.(
        ...read.map((param) => param.data),
      ) as Promise<unknown>;
  }
  throw new Error(`no recorded call of ${method} can be sent`);
}

/** Answers, or places in them, whose keys are data: no key is required there, and any is kept. */
const FREE_METHODS = new Set(['StateActorCodeCIDs', 'StateDecodeParams']);
const FREE_PLACES = new Set(['State', 'Obj', 'ReturnDec', 'ExecutionTrace', 'ForkUpgradeParams', '/']);
/** Not needed: fields that nobody here reads, and a message's CID, which is computed. */
const NOT_NEEDED = new Set([
  ...['Agent', 'ForkUpgradeParams', 'Eip155ChainID', 'Start', 'End', 'ExecutionTrace', 'GasCost', 'Duration'],
  ...['ExpectedDayReward', 'ExpectedStoragePledge', 'ReplacedDayReward'],
  ...['CID', 'ReturnDec', 'State', 'Obj'],
]);

type Path = readonly (string | number)[];

/** Where the objects of a JSON value are whose fields the schemas name. Of a list the first item stands for all. */
function* objectsIn(value: unknown, path: Path = []): Generator<Path> {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    if (value.length > 0) yield* objectsIn(value[0], [...path, 0]);
    return;
  }
  yield path;
  for (const [name, item] of Object.entries(value))
    if (!FREE_PLACES.has(name) && !NOT_NEEDED.has(name)) yield* objectsIn(item, [...path, name]);
}

/** A copy of a JSON value with the object at `path` replaced by what `change` makes of it. */
function changed(
  value: unknown,
  path: Path,
  change: (object: Record<string, unknown>) => Record<string, unknown>,
): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return change(value as Record<string, unknown>);
  if (Array.isArray(value))
    return value.map((item, index) => (index === step ? changed(item, rest, change) : item));
  const object = value as Record<string, unknown>;
  return { ...object, [step]: changed(object[step], rest, change) };
}

function at(value: unknown, path: Path): Record<string, unknown> {
  return path.reduce<unknown>(
    (inner, step) => (inner as Record<string | number, unknown>)[step],
    value,
  ) as Record<string, unknown>;
}

/** A field more changes nothing, a required one less is an error: at every depth of an answer. */
function holdsItsFields(schema: z.ZodType, value: unknown): void {
  const parsed = z.decode(schema, value as never);
  for (const path of objectsIn(value)) {
    const more = changed(value, path, (object) => ({ ...object, Novelty: { Deep: [1] } }));
    expect(z.decode(schema, more as never), `more at ${path.join('.')}`).toEqual(parsed);
    for (const name of Object.keys(at(value, path))) {
      if (NOT_NEEDED.has(name)) continue;
      const less = changed(value, path, ({ [name]: _gone, ...rest }) => rest);
      expect(z.safeDecode(schema, less as never).success, `without ${[...path, name].join('.')}`).toBe(false);
    }
  }
}

describe('unknown fields are tolerated and missing ones are errors, at every depth', () => {
  const answers = recordings.flatMap((recording) => {
    const { name, method, response } = recording;
    if (!method || FREE_METHODS.has(method) || isRefusal(recording) || typeof response === 'string')
      return [];
    return [{ name, method, result: response.result }];
  });

  it.each(answers)('$name', ({ method, result }) => {
    holdsItsFields(LOTUS_METHODS[method].result, result);
  });

  it('the frames of a subscription', () => {
    for (const { frame } of recordedSubscription())
      if (frame.method === 'xrpc.ch.val')
        holdsItsFields(z.array(headChange), (frame.params as readonly unknown[])[1]);
  });
});

describe('StateDecodeParams', () => {
  const decoded = recordings.filter(({ method }) => method === 'StateDecodeParams');

  it.each(decoded)('$name: our decoder reads the same from the same bytes', ({ name, request }) => {
    const [to, method, encoded] = request.params as [string, number, string];
    const kind = to === 't04' ? 'storagepower' : 'storageminer';
    const { params } = decodeParams(kind, method, fromBase64(encoded) ?? new Uint8Array(), 't');
    expect(bare(asLotusPrints(params))).toEqual(bare(recordedResult(name)));
  });

  it('there are some', () => expect(decoded.length).toBeGreaterThanOrEqual(4));
});

/** Our types as Go's JSON: bitfields as run lengths, bytes as base64, what is empty as null. */
function asLotusPrints(value: unknown): unknown {
  if (value instanceof BitField) return value.toJson();
  if (value instanceof Uint8Array) return value.length === 0 ? null : toBase64(value);
  if (Array.isArray(value)) return value.length === 0 ? null : value.map(asLotusPrints);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'string' && /^ba/.test(value)) return { '/': value };
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, asLotusPrints(item)]));
}

/** Without the case of names, in which Go and this project differ: `SealedCID` is `sealedCid`. */
function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bare);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name.toLowerCase(), bare(item)]));
}

it('numbers of any length survive being read and written', () => {
  const text = '{"GasLimit":4611686018427387903,"Nonce":7,"Text":"12345678901234567890"}';
  expect(writeJsonText(parseJsonText(text))).toBe(text);
});
