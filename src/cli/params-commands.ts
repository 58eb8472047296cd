import { BeeproError, type SectorSizeName } from '#core';
import { distrustParams, listTrustedParams, trustParams } from '#db';
import {
  allParameterSets,
  fetchFiles,
  findParameterFile,
  generateSet,
  type InspectedFile,
  inspectFiles,
  judge,
  neededFiles,
  neededSets,
  type ParameterFile,
  proofNetwork,
  removeFile,
  resolveParameterFolder,
  type TrustStore,
  trustFile,
} from '#params';
import { operator } from './arguments.ts';
import { type JsonOption, printDone, printRows } from './command-io.ts';
import type { CliContext } from './context.ts';
import { formatBytes, ProgressLine } from './output/index.ts';

/** Which files a command is about. */
export interface SizeOptions extends JsonOption {
  readonly sectorSize?: readonly SectorSizeName[];
  readonly updates?: boolean;
  readonly aggregation?: boolean;
}

export async function listParams(
  context: CliContext,
  options: SizeOptions & { readonly network?: string },
): Promise<void> {
  const { path } = await resolveParameterFolder();
  const files = await inspected(path, options, false);
  const verdicts =
    options.network === undefined ? undefined : await verdictsOn(context, options.network, files);
  const rows = files.map((row) => ({ ...flat(row), usable: verdicts?.get(row.file.name) }));
  printRows(
    rows,
    [
      { title: 'FILE', value: (row) => row.name },
      { title: 'KIND', value: (row) => row.kind },
      { title: 'SIZE', value: (row) => row.size },
      {
        title: 'BYTES',
        value: (row) => (row.bytes === undefined ? null : formatBytes(row.bytes)),
        align: 'right',
      },
      { title: 'STATE', value: (row) => row.state },
      ...(verdicts ? [{ title: 'USABLE', value: (row: { usable?: string | undefined }) => row.usable }] : []),
    ],
    {
      ...options,
      none: `No parameter file in ${path}. Fetch them with: beepro params fetch --sector-size 32GiB`,
    },
  );
}

export async function fetchParams(
  options: SizeOptions & {
    readonly gateway?: string;
    readonly verifyOnly?: boolean;
    readonly replace?: boolean;
  },
): Promise<void> {
  const { path } = await resolveParameterFolder();
  const { gateway, verifyOnly = false, replace = false } = options;
  await withProgress(async (line, signal) => {
    const share = (done: number, total: number | undefined) =>
      total === undefined ? undefined : done / total;
    const { fetched, kept } = await fetchFiles(path, neededFiles({ ...needs(options), verifyOnly }), {
      replace,
      signal,
      ...(gateway !== undefined && { gateway }),
      onHash: (name, done, total) => line.update(`checking ${name}`, share(done, total)),
      onProgress: (name, done, total) => line.update(`fetching ${name}`, share(done, total)),
    });
    line.done();
    const sentence = `${fetched.length} file(s) fetched into ${path}, ${kept.length} there already.`;
    printDone(sentence, { folder: path, fetched, kept }, options);
  });
}

export async function generateParams(
  context: CliContext,
  options: SizeOptions & { readonly threads?: number },
): Promise<void> {
  const { path } = await resolveParameterFolder();
  const program = sealerOf(context);
  const { threads } = options;
  await withProgress(async (line, signal) => {
    const outcomes: { kind: string; size: string | undefined; outcome: 'generated' | 'present' }[] = [];
    for (const set of neededSets(needs(options))) {
      const outcome = await generateSet(path, set, {
        program,
        signal,
        ...(threads !== undefined && { threads }),
        onProgress: ({ fraction }) =>
          line.update(`generating ${set.kind} ${set.size ?? ''}`.trim(), fraction),
      });
      outcomes.push({ kind: set.kind, size: set.size, outcome });
    }
    line.done();
    const made = outcomes.filter(({ outcome }) => outcome === 'generated').length;
    const sentence = `${made} set(s) generated in ${path}, ${outcomes.length - made} there already. They serve devnets only.`;
    printDone(sentence, { folder: path, sets: outcomes }, options);
  });
}

/** @throws BeeproError `PARAMS_INCOMPLETE` when a file is corrupt, or one that was asked for by its size missing */
export async function verifyParams(options: SizeOptions): Promise<void> {
  const { path } = await resolveParameterFolder();
  const files = await inspected(path, options, true);
  const wrong = files.filter(({ state }) => state === 'missing' || state === 'corrupt');
  printRows(
    files.map(flat),
    [
      { title: 'FILE', value: (row) => row.name },
      { title: 'STATE', value: (row) => row.state },
      { title: 'DIGEST', value: (row) => row.digest },
    ],
    { ...options, none: `No parameter file in ${path}.` },
  );
  if (wrong.length === 0) return;
  const detail = wrong.map(({ file, state }) => `${file.name} is ${state}`).join('; ');
  const sizes = options.sectorSize?.join(', ') ?? 'all sizes';
  throw new BeeproError('PARAMS_INCOMPLETE', { kind: 'proof', size: sizes, folder: path, detail });
}

export async function trustParamsFile(
  context: CliContext,
  name: string,
  options: JsonOption & { readonly network: string },
): Promise<void> {
  const { path } = await resolveParameterFolder();
  const [found] = await inspectWithProgress(path, [fileNamed(name)], false);
  if (!found) throw new BeeproError('PARAMS_ABSENT', { name, folder: path });
  const record = await trustFile(trustStore(context), proofNetwork(options.network), found, path, operator());
  printDone(`${name} is trusted on ${options.network}, as it is now.`, { ...record }, options);
}

export async function removeParams(
  context: CliContext,
  names: readonly string[],
  options: JsonOption,
): Promise<void> {
  const { path } = await resolveParameterFolder();
  // All names are looked at before the first file goes.
  for (const name of names) fileNamed(name);
  for (const name of names) await removeFile(path, name, sealerOf(context));
  printDone(`${names.length} file(s) removed from ${path}.`, { folder: path, removed: names }, options);
}

function fileNamed(name: string): ParameterFile {
  const file = findParameterFile(name);
  if (!file) throw new BeeproError('PARAMS_UNKNOWN_FILE', { name });
  return file;
}

function needs({ sectorSize = [], updates = false, aggregation = false }: SizeOptions) {
  return { sizes: sectorSize, updates, aggregation };
}

/** The files of the sizes asked for; without a size, those of all that are there. */
async function inspected(
  path: string,
  options: SizeOptions,
  rehash: boolean,
): Promise<readonly InspectedFile[]> {
  if (options.sectorSize) return inspectWithProgress(path, neededFiles(needs(options)), rehash);
  const all = await inspectWithProgress(
    path,
    allParameterSets().flatMap((set) => set.files),
    rehash,
  );
  return all.filter(({ state }) => state !== 'missing');
}

function inspectWithProgress(
  path: string,
  files: readonly ParameterFile[],
  rehash: boolean,
): Promise<readonly InspectedFile[]> {
  return withProgress((line, signal) =>
    inspectFiles(path, files, {
      rehash,
      signal,
      onProgress: (name, done, total) => line.update(`reading ${name}`, done / total),
    }),
  );
}

/** Ctrl-C ends the work at a place from which it can go on. */
async function withProgress<T>(work: (line: ProgressLine, signal: AbortSignal) => Promise<T>): Promise<T> {
  const line = new ProgressLine();
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort(new BeeproError('CANCELLED', { what: 'The command' }));
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    return await work(line, interrupted.signal);
  } finally {
    line.done();
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

async function verdictsOn(
  context: CliContext,
  name: string,
  files: readonly InspectedFile[],
): Promise<ReadonlyMap<string, string>> {
  const network = proofNetwork(name);
  const trusted = await listTrustedParams(context.database.kysely, name);
  return new Map(
    files.map(({ file, state, digest }) => {
      const verdict = judge(network, { name: file.name, state, digest }, trusted);
      return [file.name, verdict.allowed ? 'yes' : `no: ${verdict.reason}`];
    }),
  );
}

function trustStore({ database }: CliContext): TrustStore {
  return {
    list: (network) => listTrustedParams(database.kysely, network),
    put: (record) => trustParams(database.kysely, record),
    remove: (network, file) => distrustParams(database.kysely, network, file),
  };
}

function sealerOf({ environment }: CliContext): string {
  if (!environment.sealerBin) throw new BeeproError('SEALER_NOT_INSTALLED', { path: 'BEEPRO_SEALER_BIN' });
  return environment.sealerBin;
}

function flat({ file, state, bytes, digest, generated }: InspectedFile) {
  return { name: file.name, kind: file.kind, size: file.size ?? null, state, bytes, digest, generated };
}
