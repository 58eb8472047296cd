import { expect, test } from 'vitest';
import { parseLibraryNames } from '../../../scripts/setup/debian-packages.mjs';
import { isComplete } from '../../../scripts/setup/packages.mjs';
import { parseRecord } from '../../../scripts/setup/process-registry.mjs';
import { createEstimate, formatDuration } from '../../../scripts/setup/progress.mjs';
import { createProgressReader } from '../../../scripts/setup/proof-parameters.mjs';
import { parseProgress, shareOfWork } from '../../../scripts/setup/sealer-build.mjs';
import { parseMissing } from '../../../scripts/setup/shared-libraries.mjs';
import { countCargoTests } from '../../../scripts/testing/cargo-stage.mjs';
import { closingLine } from '../../../scripts/testing/outcome.mjs';
import { countTests } from '../../../scripts/testing/vitest-stage.mjs';

test('ldd names the libraries that are missing', () => {
  const listing = `
\tlinux-vdso.so.1 (0x00007ffc)
\tliburing.so.2 => not found
\tlibssl.so.3 => /lib/x86_64-linux-gnu/libssl.so.3 (0x00007f)
\tlibaio.so.1 => not found`;
  expect(parseMissing(listing)).toEqual(['liburing.so.2', 'libaio.so.1']);
});

test('apt-cache names the libraries among the dependencies', () => {
  const listing = `mariadb-server-core
  Depends: libaio1t64
  Depends: libssl3t64
 |Depends: debconf
libaio1t64
libssl3t64
<libfoo>
libdbi-perl
libpam-modules
libaio1t64
debconf`;
  expect(parseLibraryNames(listing)).toEqual(['libaio1t64', 'libssl3t64']);
});

test.each([
  ['as the lock file wants it', { 'node_modules/a': { version: '1', integrity: 'x' } }, true],
  ['another version', { 'node_modules/a': { version: '2', integrity: 'x' } }, false],
  ['other content', { 'node_modules/a': { version: '1', integrity: 'y' } }, false],
  ['nothing', {}, false],
  [
    'one too many',
    { 'node_modules/a': { version: '1', integrity: 'x' }, 'node_modules/c': { version: '1' } },
    false,
  ],
])('packages are complete or not: %s', (_, installed, complete) => {
  const wanted = {
    '': { version: '0' },
    'node_modules/a': { version: '1', integrity: 'x' },
    'node_modules/b': { version: '1', integrity: 'z', optional: true },
  };
  expect(isComplete(wanted, installed)).toBe(complete);
});

test.each([
  ['', undefined],
  ['{"format":2}', undefined],
  [
    '{"format":1,"what":"sealer","run":"demo-1","bootId":"b","pid":"1","startTime":"1","pidNamespace":"p"}',
    undefined,
  ],
  [
    '{"format":1,"what":"sealer","run":"demo-1","bootId":"b","pid":1,"startTime":"1","pidNamespace":"p"}',
    { format: 1, what: 'sealer', run: 'demo-1', bootId: 'b', pid: 1, startTime: '1', pidNamespace: 'p' },
  ],
])('a process record is read or refused: %s', (text, record) => {
  expect(parseRecord(text)).toEqual(record);
});

test.each([
  ['{"event":"progress","note":"porep","fraction":0.257}', 'porep 25 %'],
  ['{"event":"progress","note":"looking"}', 'looking'],
  ['{"event":"done"}', undefined],
  ['no JSON', undefined],
])('progress of the parameters: %s', (line, note) => {
  const shown = createProgressReader()(line);
  expect(typeof shown === 'function' ? shown() : shown).toBe(note);
});

test('time left is told from the pace since the first word, and runs down between two words', () => {
  let now = 1_000_000;
  const estimate = createEstimate(() => now);
  const after = (ms: number, fraction: number) => {
    now += ms;
    estimate.set(fraction);
    return estimate.text();
  };
  expect(after(0, 0.5)).toBe('');
  expect(after(4_000, 0.6)).toBe('');
  expect(after(6_000, 0.7)).toBe('about 15 s left');
  expect(after(5_000, 0.7)).toBe('about 10 s left');
  expect(after(20_000, 0.7)).toBe('');
  expect(after(0, 1)).toBe('');
});

test.each([
  ['    Building [=====>      ] 123/207: blst(build)', { done: 123, total: 207 }],
  ['   Compiling blst v0.3.11', undefined],
])('progress of cargo: %s', (line, progress) => {
  expect(parseProgress(line)).toEqual(progress);
});

test('the share of the build grows to one', () => {
  const shares = [0, 100, 282, 283, 284, 285, 286].map((done) => shareOfWork({ done, total: 286 }));
  expect(shares).toEqual(shares.toSorted((a, b) => a - b));
  expect([shares[0], shares[2], shares.at(-1)]).toEqual([0, 0.6, 1]);
});

test.each([
  [40, '0.0 s'],
  [9_940, '9.9 s'],
  [12_400, '12 s'],
  [59_700, '1:00 min'],
  [187_000, '3:07 min'],
])('%d ms reads %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test.each([
  ['{"numPassedTests":5,"numFailedTests":0}', 0, { passed: 5, failed: 0, skipped: 0 }],
  [
    '{"numPassedTests":5,"numFailedTests":2,"numPendingTests":1,"numTodoTests":1}',
    1,
    { passed: 5, failed: 2, skipped: 2 },
  ],
  ['{"numPassedTests":5,"numFailedTests":0}', 1, { passed: 5, failed: 1, skipped: 0 }],
  ['{}', 139, { passed: 0, failed: 1, skipped: 0 }],
])('a run that ends badly is never counted as good: %s, exit %d', (report, code, counts) => {
  expect(countTests(report, code)).toEqual(counts);
});

test.each([
  [
    'test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured\ntest result: ok. 2 passed; 0 failed; 0 ignored',
    0,
    { passed: 5, failed: 0, skipped: 1 },
  ],
  ['test result: FAILED. 3 passed; 2 failed; 0 ignored', 101, { passed: 3, failed: 2, skipped: 0 }],
  ['', 101, { passed: 0, failed: 1, skipped: 0 }],
])('tests of cargo are counted: %j', (output, code, counts) => {
  expect(countCargoTests(output, code)).toEqual(counts);
});

test('the closing line sums up', () => {
  const outcome = { name: 'unit', passed: 5, failed: 0, skipped: 0, elapsedMs: 1_000 };
  const text = closingLine([outcome, { ...outcome, name: 'e2e', passed: 1, failed: 1, skipped: 2 }]);
  expect(text.split('\n').at(-1)).toBe('6 passed, 1 failed, 2 skipped (2.0 s)');
  expect(text).toMatch(/✓ unit .*\n✗ e2e /);
});
