import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { BeeproError } from '#core';
import { listLandedFiles, listStoragePaths } from '#db';
import { locateLanded } from '#storage';
import { need } from './need.ts';
import type { PhaseHandler } from './phase.ts';

/**
 * What an unseal run is asked for, in `phase_run.input`. Sizes are bytes; `offset` and `size` count payload, and
 * default to the whole sector; with `commP` the bytes are checked against it as a piece of `paddedSize`.
 */
export const unsealInput = z.looseObject({
  /** Absolute, on storage that the worker and whoever asked both see. */
  out: z.string().startsWith('/'),
  offset: z.number().int().nonnegative().optional(),
  size: z.number().int().positive().optional(),
  commP: z.string().length(64).optional(),
  paddedSize: z.number().int().positive().optional(),
});
export type UnsealInput = z.infer<typeof unsealInput>;

/** Gets data back from the landed sector alone; as costly as PC1. The sealer works in a scratch folder. */
export const unseal: PhaseHandler = {
  phase: 'unseal',
  sealer: 'cpu',

  async run(context) {
    const input = unsealInput.safeParse(context.run.input);
    if (!input.success) {
      throw new BeeproError('INPUT_INVALID', {
        what: 'the unseal request',
        detail: z.prettifyError(input.error),
      });
    }
    const { out, offset, size, commP, paddedSize } = input.data;
    const sector = await context.sector();
    const records = await listLandedFiles(context.database.kysely, context.id);
    const roots = new Map((await listStoragePaths(context.database.kysely)).map((row) => [row.id, row.path]));
    const scratch = join(context.workspace.root, 'scratch');
    await mkdir(scratch, { recursive: true });
    await mkdir(dirname(out), { recursive: true });
    return context.seal('unseal', 'unseal', {
      ...context.id,
      proof: context.proof.id,
      sealed: locateLanded(context.id, records, roots).sealed,
      ticket: need(sector.ticket, 'ticket', 'unseal'),
      comm_d: need(sector.comm_d, 'CommD', 'unseal'),
      ...(offset === undefined ? {} : { offset }),
      ...(size === undefined ? {} : { size }),
      ...(commP === undefined ? {} : { comm_p: commP }),
      ...(paddedSize === undefined ? {} : { padded_size: paddedSize }),
      out,
      scratch,
    });
  },
};
