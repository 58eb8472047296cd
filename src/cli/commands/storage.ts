import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { ActorId } from '#core';
import { minerArgument } from '../arguments.ts';
import { type JsonOption, printDone, printRows, withJson } from '../command-io.ts';
import { withContext } from '../context.ts';

interface AddOptions extends JsonOption {
  readonly name?: string;
  readonly miner?: ActorId;
  readonly weight: string;
}

export function registerStorage(program: Command): void {
  const storage = program
    .command('storage')
    .description('the paths that sectors land on; workers learn them by themselves');

  withJson(storage.command('add'))
    .description('let sectors land on a directory or NFS mount that every worker sees under the same path')
    .argument('<path>')
    .option('--name <name>', 'what to call it; the path by default')
    .option('--miner <address>', "only for this miner's sectors", minerArgument)
    .option('--weight <n>', 'share among paths with room: one of weight 2 gets twice as much', '1')
    .action((path: string, options: AddOptions) =>
      withContext(async (context) => {
        const { BeeproError } = await import('#core');
        const { insertStoragePath, isDuplicateKey } = await import('#db');
        const weight = Number(options.weight);
        if (!Number.isSafeInteger(weight) || weight < 1) {
          throw new BeeproError('INPUT_INVALID', {
            what: '--weight',
            detail: 'it is a whole number from 1 up',
          });
        }
        const full = resolve(path);
        const id = await insertStoragePath(context.database.kysely, {
          name: options.name ?? full,
          path: full,
          miner: options.miner ?? null,
          can_seal: false,
          can_store: true,
          weight,
        }).catch((error: unknown) => {
          if (!isDuplicateKey(error)) throw error;
          const name = options.name ?? full;
          throw new BeeproError('INPUT_INVALID', {
            what: 'The name',
            detail: `there is a storage path ${name} already`,
          });
        });
        printDone(`Sectors land on ${full}.`, { id, path: full }, options);
      }),
    );

  withJson(storage.command('list'))
    .description('the storage paths')
    .action((options: JsonOption) =>
      withContext(async (context) => {
        const { listStoragePaths } = await import('#db');
        printRows(
          await listStoragePaths(context.database.kysely),
          [
            { title: 'NAME', value: (row) => row.name },
            { title: 'PATH', value: (row) => row.path },
            { title: 'MINER', value: (row) => (row.miner === null ? 'all' : `t0${row.miner}`) },
            { title: 'WEIGHT', value: (row) => row.weight, align: 'right' },
            { title: 'STATE', value: (row) => row.state },
          ],
          { ...options, none: 'No storage path yet. Add one with: beepro storage add PATH' },
        );
      }),
    );

  for (const [name, state, sentence] of [
    ['close', 'read-only', 'No sector lands there any more; what is there is read.'],
    ['open', 'active', 'Sectors land there again.'],
  ] as const) {
    withJson(storage.command(name).argument('<name>', 'as `storage list` shows it'))
      .description(name === 'close' ? 'land nothing more on a path' : 'land sectors on a closed path again')
      .action((path: string, options: JsonOption) =>
        withContext(async (context) => {
          const { BeeproError } = await import('#core');
          const { setStoragePathState } = await import('#db');
          const isKnown = await setStoragePathState(context.database.kysely, path, state);
          if (!isKnown) throw new BeeproError('NOT_FOUND', { what: 'storage path', name: path });
          printDone(sentence, { name: path, state }, options);
        }),
      );
  }
}
