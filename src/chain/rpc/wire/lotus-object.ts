import { z } from 'zod';

type Fields = Readonly<Record<string, z.ZodType>>;
export type LotusObject<F extends Fields> = { readonly [K in keyof F]: z.output<F[K]> };

/**
 * An object of Lotus' JSON as one of ours: `sectorNumber` stands for `SectorNumber`; `names` gives the JSON name
 * where it is not just the first letter. Works in both directions (`z.decode`, `z.encode`). Fields that are not
 * named are dropped, missing ones are errors. `alsoWritten` are fields that Lotus writes and nobody here reads.
 */
export function lotusObject<F extends Fields>(
  fields: F,
  names: { readonly [K in keyof F]?: string } = {},
  alsoWritten: Readonly<Record<string, unknown>> = {},
): z.ZodType<LotusObject<F>> {
  const pairs = Object.keys(fields).map((ours) => {
    const theirs = names[ours] ?? ours.charAt(0).toUpperCase() + ours.slice(1);
    return [ours, theirs] as const;
  });
  const shape = Object.fromEntries(pairs.map(([ours, theirs]) => [theirs, fields[ours] ?? z.never()]));
  return z.codec(z.looseObject(shape), z.custom<LotusObject<F>>(), {
    decode: (json) =>
      Object.fromEntries(pairs.map(([ours, theirs]) => [ours, json[theirs]])) as LotusObject<F>,
    encode: (value) => ({
      ...Object.fromEntries(pairs.map(([ours, theirs]) => [theirs, value[ours]])),
      ...alsoWritten,
    }),
  }) as z.ZodType<LotusObject<F>>;
}
