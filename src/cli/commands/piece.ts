import { type Command, Option } from 'commander';
import type { ActorId } from '#core';
import { countArgument, durationArgument, minerArgument, numberArgument } from '../arguments.ts';
import { type JsonOption, printDone, printRows, withJson } from '../command-io.ts';
import { withContext } from '../context.ts';

const STATUSES = ['stored', 'packed', 'sealed', 'removed'] as const;
const DAY_MS = 86_400_000;

interface AddOptions extends JsonOption {
  readonly miner?: ActorId;
  readonly car?: boolean;
  readonly again?: boolean;
  readonly notify?: string;
}

interface ListOptions extends JsonOption {
  readonly status?: (typeof STATUSES)[number];
  readonly after?: number;
  readonly limit: number;
}

interface RetrieveOptions extends JsonOption {
  readonly out: string;
  readonly unseal?: boolean;
  readonly timeout?: number;
}

export function registerPiece(program: Command): void {
  const piece = program
    .command('piece')
    .description('data: add files, see where they are sealed, get them back');

  withJson(piece.command('add').argument('<file...>', 'files, or folders of files'))
    .description('store files as pieces, to be packed into sectors and sealed')
    .option(
      '--miner <address>',
      'whose sectors take them; not needed where there is one miner',
      minerArgument,
    )
    .option('--car', 'they are CAR files: checked for that, and listed so')
    .option('--again', 'seal data once more that was added before')
    .option(
      '--notify <address:payload>',
      'have the chain tell this actor when a piece is proven, with this payload in hex',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  beepro piece add archive.tar\n  beepro piece add --car --miner f01234 /data/cars',
    )
    .action((paths: string[], options: AddOptions) =>
      withContext(async (context) => {
        const { addPieces } = await import('../piece-adding.ts');
        const { ProgressLine } = await import('../output/index.ts');
        const line = new ProgressLine();
        const { added, leftOut } = await addPieces(
          { db: context.database, settings: await context.settings(), environment: context.environment },
          {
            paths,
            miner: options.miner,
            format: options.car ? 'car' : 'file',
            again: options.again ?? false,
            notify: options.notify,
            onProgress: ({ path, step, fraction }) => line.update(`${path}: ${step}`, fraction),
          },
        ).finally(() => line.done());
        printRows(
          added.map(({ path: file, piece: row, isNew }) => ({
            file,
            isNew,
            ...row,
            miner: `t0${row.miner}`,
          })),
          [
            { title: 'PIECE', value: (row) => row.cid },
            { title: 'BYTES', value: (row) => row.raw_size, align: 'right' },
            { title: 'PADDED', value: (row) => row.padded_size, align: 'right' },
            { title: 'MINER', value: (row) => row.miner },
            { title: 'FILE', value: (row) => row.file },
            { title: 'NOTE', value: (row) => (row.isNew ? null : 'was added before') },
          ],
          { ...options, none: 'There is no file with data in that folder.' },
        );
        for (const file of options.json ? [] : leftOut) process.stderr.write(`left out: ${file} is empty\n`);
      }),
    );

  withJson(piece.command('list'))
    .description('pieces in the order in which they were added, a page at a time')
    .addOption(new Option('--status <status>', 'only these').choices(STATUSES))
    .option('--after <id>', 'that come after this one', numberArgument)
    .option('--limit <n>', 'at most so many', countArgument, 100)
    .action((options: ListOptions) =>
      withContext(async (context) => {
        const { listPieceLines } = await import('../piece-format.ts');
        await listPieceLines(context.database, options);
      }),
    );

  withJson(piece.command('show').argument('<cid>', 'as `piece list` shows it'))
    .description('a piece: each copy of it, and what it waits for')
    .action((cid: string, options: JsonOption) =>
      withContext(async (context) => {
        const { showPiece } = await import('../piece-format.ts');
        await showPiece(context.database, cid, options);
      }),
    );

  withJson(piece.command('retrieve').argument('<cid>', 'as `piece list` shows it'))
    .description('write a piece’s bytes to a file, from a copy that is kept or else by unsealing its sector')
    .requiredOption('--out <file>', 'where to; for unsealing on storage that the workers see too')
    .option('--unseal', 'unseal the sector, although a copy is kept')
    .option('--timeout <duration>', 'how long to wait for an unsealing (24h)', durationArgument)
    .addHelpText('after', '\nExample:\n  beepro piece retrieve baga6ea4seaq… --out archive.tar')
    .action((cid: string, options: RetrieveOptions) =>
      withContext(async (context) => {
        const { parsePieceCid } = await import('#codec');
        const { retrievePiece } = await import('../piece-retrieval.ts');
        const { formatBytes, ProgressLine } = await import('../output/index.ts');
        parsePieceCid(cid);
        const line = new ProgressLine();
        let done = 0;
        const from = {
          stored: 'the stored copy',
          unsealed: 'the unsealed copy',
          unseal: 'the sealed sector',
        };
        const retrieved = await retrievePiece(await context.sectorModules(), {
          cid,
          out: options.out,
          timeoutMs: options.timeout ?? DAY_MS,
          ...(options.unseal && { ways: ['unseal'] }),
          onSkipped: ({ way }, { message }) => {
            line.done();
            if (!options.json) process.stderr.write(`not from ${from[way]}: ${message}\n`);
          },
          onBytes: (bytes) => {
            done += bytes;
            line.update(`${formatBytes(done)} written`);
          },
          onRun: ({ status, worker }) =>
            line.update(
              status === 'running'
                ? `unsealing on ${worker}`
                : 'waiting for a worker that unseals (worker.limit.unseal)',
            ),
        }).finally(() => line.done());
        const sentence = `${options.out}: ${retrieved.bytes} bytes from ${from[retrieved.way]}, sha256 verified.`;
        printDone(sentence, { cid, out: options.out, ...retrieved }, options);
      }),
    );
}
