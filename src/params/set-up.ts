import { BeeproError, type Bytes, isBeeproError } from '#core';
import type { ParameterState } from './classify.ts';
import { fetchFiles } from './fetch.ts';
import { type InspectedFile, inspectFiles } from './inspect.ts';
import { type Needs, neededSets, type ParameterSet } from './parameter-set.ts';
import { removeFile } from './remove.ts';
import { canGenerate, type GenerationProgress, generateSet } from './sealer-params.ts';

/** What is to be done about a set so that it can be used on a test network. */
export type SetPlan =
  | { readonly do: 'nothing' }
  /** All of it is missing: fetched if the server can be reached, else generated if that is possible. */
  | { readonly do: 'obtain' }
  /** Some of the published set is there: only the rest of the same can complete it. */
  | { readonly do: 'fetch' }
  /** Some of a generated set is there, or is broken: these files go, and the set is made anew. */
  | { readonly do: 'generate'; readonly remove: readonly string[] }
  /** Files of unknown origin, or of several: not ours to touch. */
  | { readonly do: 'refuse'; readonly reason: string };

/** Decides by the states of a set's files; `generated` tells whether such a set can be generated at all. */
export function planSet(
  files: readonly { readonly name: string; readonly state: ParameterState }[],
  generatable: boolean,
): SetPlan {
  const having = (state: ParameterState) => files.filter((file) => file.state === state);
  const [published, generated] = [having('published-verified'), having('generated')];
  const [missing, corrupt, unknown] = [having('missing'), having('corrupt'), having('unknown')];
  const origins = [published, generated, unknown].filter(({ length }) => length > 0).length;
  if (origins > 1) return { do: 'refuse', reason: 'its files come from several set-ups' };
  if (missing.length === files.length) return { do: 'obtain' };
  if (missing.length + corrupt.length === 0) return { do: 'nothing' };
  if (unknown.length > 0) return { do: 'refuse', reason: 'it is incomplete, and of unknown origin' };
  if (published.length > 0) return { do: 'fetch' };
  if (!generatable) return { do: 'fetch' };
  return { do: 'generate', remove: [...generated, ...corrupt].map(({ name }) => name) };
}

export type SetUpEvent =
  | { readonly step: 'hash'; readonly file: string; readonly done: Bytes; readonly total: Bytes }
  | {
      readonly step: 'fetch';
      readonly file: string;
      readonly done: Bytes;
      readonly total: Bytes | undefined;
    }
  | { readonly step: 'unreachable'; readonly set: ParameterSet; readonly error: BeeproError }
  | { readonly step: 'generate'; readonly set: ParameterSet; readonly progress: GenerationProgress };

export interface SetUpOptions {
  /** The sealer program, which generates. */
  readonly program: string;
  readonly gateway?: string;
  /** Never ask the server: for tests and machines without a network. */
  readonly offline?: boolean;
  readonly threads?: number;
  readonly onEvent?: (event: SetUpEvent) => void;
  readonly signal?: AbortSignal;
}

/** A server that has not answered within this, ms, counts as out of reach when generating is the alternative. */
const REACH_MS = 5_000;

/**
 * Sees to it that all files for a test network's sectors are there: the published ones where the server can be
 * reached, else generated ones where these are small enough. Sets that are complete are left as they are.
 * @returns the state of every file afterwards
 * @throws BeeproError `PARAMS_INCOMPLETE` for a set that is not ours to repair; else as fetching and generating
 */
export async function setUpParameters(
  folder: string,
  needs: Needs,
  options: SetUpOptions,
): Promise<readonly InspectedFile[]> {
  const { signal, onEvent } = options;
  const inspect = (set: ParameterSet) =>
    inspectFiles(folder, set.files, {
      onProgress: (file, done, total) => onEvent?.({ step: 'hash', file, done, total }),
      ...(signal && { signal }),
    });
  const result: InspectedFile[] = [];
  let outOfReach = options.offline ?? false;
  for (const set of neededSets(needs)) {
    const before = await inspect(set);
    const plan = planSet(
      before.map(({ file, state }) => ({ name: file.name, state })),
      canGenerate(set),
    );
    await carryOut(folder, set, plan, {
      ...options,
      // Once it did not answer, it is not waited for again with every set.
      offline: outOfReach,
      onEvent: (event) => {
        if (event.step === 'unreachable' && !isBeeproError(event.error, 'PARAMS_NOT_AT_GATEWAY'))
          outOfReach = true;
        onEvent?.(event);
      },
    });
    result.push(...(plan.do === 'nothing' ? before : await inspect(set)));
  }
  return result;
}

async function carryOut(
  folder: string,
  set: ParameterSet,
  plan: SetPlan,
  options: SetUpOptions,
): Promise<void> {
  switch (plan.do) {
    case 'nothing':
      return;
    case 'refuse':
      throw new BeeproError('PARAMS_INCOMPLETE', {
        kind: set.kind,
        size: set.size ?? 'all sizes',
        folder,
        detail: plan.reason,
      });
    case 'fetch':
      return fetchSet(folder, set, options, false);
    case 'generate':
      for (const name of plan.remove) await removeFile(folder, name, options.program);
      return generate(folder, set, options);
    case 'obtain':
      if (!options.offline) {
        try {
          return await fetchSet(folder, set, options, canGenerate(set));
        } catch (error) {
          if (!canGenerate(set) || !isOutOfReach(error) || (await hasAny(folder, set))) throw error;
          options.onEvent?.({ step: 'unreachable', set, error });
        }
      }
      return generate(folder, set, options);
  }
}

async function fetchSet(
  folder: string,
  set: ParameterSet,
  options: SetUpOptions,
  hasty: boolean,
): Promise<void> {
  const { gateway, signal, onEvent } = options;
  const common = {
    ...(gateway && { gateway }),
    ...(signal && { signal }),
    onProgress: (file: string, done: Bytes, total: Bytes | undefined) =>
      onEvent?.({ step: 'fetch', file, done, total }),
  };
  // The verifying key is a few kilobytes: it shows whether the server answers before the rest is begun.
  const probe = set.files.filter(({ name }) => !name.endsWith('.params'));
  if (hasty) await fetchFiles(folder, probe, { ...common, attempts: 1, stallMs: REACH_MS });
  await fetchFiles(folder, set.files, common);
}

async function generate(folder: string, set: ParameterSet, options: SetUpOptions): Promise<void> {
  const { program, threads, signal, onEvent } = options;
  await generateSet(folder, set, {
    program,
    ...(threads !== undefined && { threads }),
    ...(signal && { signal }),
    onProgress: (progress) => onEvent?.({ step: 'generate', set, progress }),
  });
}

function isOutOfReach(error: unknown): error is BeeproError {
  return (
    isBeeproError(error, 'PARAMS_UNREACHABLE') ||
    isBeeproError(error, 'PARAMS_STALLED') ||
    isBeeproError(error, 'PARAMS_HTTP_STATUS') ||
    isBeeproError(error, 'PARAMS_NOT_AT_GATEWAY')
  );
}

/** Once a file of the published set is there, a generated set would not match it. */
async function hasAny(folder: string, set: ParameterSet): Promise<boolean> {
  const inspected = await inspectFiles(folder, set.files);
  return inspected.some(({ state }) => state !== 'missing');
}
