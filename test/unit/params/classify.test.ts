import { expect, test } from 'vitest';
import { classify, type FileFacts, type ParameterState } from '#params';

const published = { cid: 'Qm', digest: 'aa', bytes: 100 };
const record = { origin: 'generated', size: 100, digest: 'bb', created: 1, tool: 't 1' } as const;
const facts = { size: 100, digest: 'cc', whole: true, published, record: undefined };

test.each<[string, FileFacts | undefined, ParameterState]>([
  ['nothing there', undefined, 'missing'],
  ['the published digest', { ...facts, digest: 'aa' }, 'published-verified'],
  ['the published digest over a stale record', { ...facts, digest: 'aa', record }, 'published-verified'],
  ['what was generated', { ...facts, digest: 'bb', record }, 'generated'],
  ['what was generated, altered', { ...facts, digest: 'cc', record }, 'corrupt'],
  ['a generated digest without its record', { ...facts, digest: 'bb' }, 'unknown'],
  ['a whole file of unknown origin', facts, 'unknown'],
  ['a truncated file', { ...facts, whole: false }, 'corrupt'],
  ['a whole file of another circuit', { ...facts, size: 99 }, 'corrupt'],
  [
    'a file whose size is not known',
    { ...facts, size: 99, published: { cid: 'Qm', digest: 'aa' } },
    'unknown',
  ],
])('%s', (_, given, state) => {
  expect(classify(given)).toBe(state);
});
