import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'vitest';
import type { SettingName } from '#config';
import type { Database } from '#db';

/**
 * What each of these settings does, seen from outside on a part that runs: shows the behaviour that the value in
 * force gives, changes the value by plain SQL, and waits for the other behaviour. Fails where a value is copied at
 * start, ignored, or waits for a restart.
 */
export type Observations<Name extends SettingName, Bench> = Readonly<
  Record<Name, (bench: Bench) => Promise<void>>
>;

/** A change is in force within 2 s of its commit; the rest is the part's own period and a machine under load. */
export const IN_FORCE = { deadlineMs: 10_000 };

/** How long a behaviour is watched that must not be there, in ms. */
const WATCHED_MS = 400;

/** One test for each setting, on the bench that the suite has set up; `each` runs before. */
export function observeEach<Bench>(
  bench: () => Bench,
  observations: Readonly<Record<string, (bench: Bench) => Promise<void>>>,
  options: { readonly together?: boolean; readonly each?: () => Promise<void> } = {},
): void {
  for (const [name, observe] of Object.entries(observations)) {
    test(name, { concurrent: options.together ?? false }, async () => {
      await options.each?.();
      await observe(bench());
    });
  }
}

/** As an operator at a prompt does: nobody is told. */
export async function changeBySql(
  database: Database,
  name: SettingName,
  value: string,
  scope = '*',
): Promise<void> {
  await database.kysely
    .insertInto('setting')
    .values({ name, scope, value })
    .onDuplicateKeyUpdate({ value })
    .execute();
}

/** The condition holds now and for a while after; it fails as soon as it does not. */
export async function stays(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + WATCHED_MS;
  do {
    if (!(await condition())) throw new Error(`did not stay: ${what}`);
    await sleep(40);
  } while (performance.now() < end);
}
