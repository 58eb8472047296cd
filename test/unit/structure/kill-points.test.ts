import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { KILL_POINTS, type KillPoint, MINING_KILL_POINTS, RARE_KILL_POINTS } from '#core';
import type { MessageState } from '#db';

const SOURCES = globSync(['src/**/*.ts', 'workers/**/*.ts', 'queues/**/*.ts', 'db/**/*.ts']).filter(
  (file) => !file.endsWith('core/kill-point.ts'),
);
const TEXTS = new Map(SOURCES.map((file) => [file, readFileSync(file, 'utf8')]));

/** Each state that a message's row commits, with the point after that commit; the others end a message for good. */
const AFTER_COMMIT: Readonly<Record<Exclude<MessageState, 'failed' | 'replaced' | 'cancelled'>, KillPoint>> =
  {
    intent: 'message.intent-committed',
    nonce: 'message.nonce-committed',
    signed: 'message.stored',
    pushed: 'message.marked-pushed',
    landed: 'message.landed',
    final: 'message.finalised',
  };

const ALL_POINTS = [...KILL_POINTS, ...MINING_KILL_POINTS, ...RARE_KILL_POINTS];

/** Commits after which nothing is left to be done: a crash there is a crash before the next step. */
const NOTHING_FOLLOWS = new Set([
  // Writes down what a sender's past was and raises a counter to it; doing it again changes nothing.
  'src/chain/messages/accounts.ts',
  // Packs pieces into sectors that collect: what is to follow, the next pass reads from the rows.
  'src/roles/sealing/pieces-duty.ts',
  // Notes the head that everything was decided from: without the note all is looked at once more.
  'src/roles/sealing/reorg-watch.ts',
  // The helpers themselves.
  'db/transaction.ts',
]);

describe('kill points', () => {
  it.each(ALL_POINTS)('%s is passed somewhere', (name) => {
    const places = [...TEXTS].filter(([, text]) => text.includes(`killPoint('${name}')`));
    expect(places.map(([file]) => file)).not.toEqual([]);
  });

  it('names no point that is not in the list', () => {
    const named = [...TEXTS.values()].flatMap((text) =>
      [...text.matchAll(/killPoint\('([^']*)'\)/g)].map((match) => match[1]),
    );
    expect(named.filter((name) => !(ALL_POINTS as readonly (string | undefined)[]).includes(name))).toEqual(
      [],
    );
  });

  it('has one at every transition: before the commit, and after it before anything is published', () => {
    expect(TEXTS.get('src/sector/apply.ts')).toContain("killPoint('transition.before-commit')");
    expect(TEXTS.get('src/sector/change.ts')).toContain("killPoint('transition.after-commit')");
    expect(TEXTS.get('src/sector/fence.ts')?.match(/killPoint\('accept\.before-commit'\)/g)).toHaveLength(2);
  });

  it('has one around every publication', () => {
    const text = TEXTS.get('src/sector/publish.ts');
    for (const name of ['outbox.before-publish', 'outbox.after-publish', 'outbox.marked'])
      expect(text).toContain(name);
  });

  it.each(Object.entries(AFTER_COMMIT))('has one after a message is %s', (_state, name) => {
    expect([...TEXTS.values()].some((text) => text.includes(`killPoint('${name}')`))).toBe(true);
  });

  it('has one in every file of sectors, messages and the coordinator that commits by itself', () => {
    const commits = [...TEXTS].filter(
      ([file, text]) =>
        /^(src\/(sector|chain\/messages|roles\/sealing))\//.test(file) &&
        /\btransaction\(/.test(text) &&
        !NOTHING_FOLLOWS.has(file),
    );
    expect(commits.length).toBeGreaterThan(3);
    expect(commits.filter(([, text]) => !text.includes('killPoint(')).map(([file]) => file)).toEqual([]);
  });
});
