import { expect, test } from 'vitest';
import { failedChecks, isAtLeast, type MachineFacts } from '../../../scripts/setup/checks.mjs';

const GB = 1e9;

const goodMachine: MachineFacts = {
  platform: 'linux-x64',
  glibc: true,
  nodeVersion: '20.1.0',
  npm: true,
  cargoVersion: '1.85.0',
  cc: true,
  git: true,
  flock: true,
  memoryBytes: 7.8 * GB,
  disks: [{ path: '/', freeBytes: 6 * GB }],
  diskNeedBytes: 6 * GB,
  folders: [{ what: 'the cache folder', path: '/c', writable: true, cure: 'set BEEPRO_CACHE_DIR' }],
};

const ALL = ['node', 'packages', 'sealer'] as const;

test('a machine that has all it needs passes', () => {
  expect(failedChecks(goodMachine, ALL)).toEqual([]);
});

test.each<[string, Partial<MachineFacts>, RegExp, RegExp]>([
  ['platform', { platform: 'darwin-arm64' }, /darwin/, /Debian/],
  ['platform', { glibc: false }, /without the GNU C library/, /Debian/],
  ['node', { nodeVersion: '18.19.0' }, /18\.19\.0/, /Node\.js 20/],
  ['npm', { npm: false }, /npm/, /install npm/],
  ['git', { git: false }, /git/, /apt-get install git/],
  ['flock', { flock: false }, /flock/, /util-linux/],
  ['cc', { cc: false }, /cc/, /gcc/],
  ['cargo', { cargoVersion: undefined }, /not there/, /rustup/],
  ['cargo', { cargoVersion: '1.63.0' }, /1\.63\.0/, /Rust 1\.85/],
  ['memory', { memoryBytes: 4 * GB }, /4\.0 GB .* 8\.0 GB/, /larger machine/],
  ['disk', { disks: [{ path: '/home', freeBytes: 5.9 * GB }] }, /\/home has 5\.9 GB/, /free 6\.0 GB/],
  [
    'folders',
    { folders: [{ what: 'the cache folder', path: '/c', writable: false, cure: 'set BEEPRO_CACHE_DIR' }] },
    /the cache folder cannot be written: \/c/,
    /BEEPRO_CACHE_DIR/,
  ],
])('%s: %j fails with its cure', (name, change, problem, cure) => {
  const failures = failedChecks({ ...goodMachine, ...change }, ALL);
  expect(failures).toEqual([
    { name, problem: expect.stringMatching(problem), cure: expect.stringMatching(cure) },
  ]);
});

test('everything that is missing is told together', () => {
  const failures = failedChecks({ ...goodMachine, cc: false, cargoVersion: undefined, git: false }, ALL);
  expect(failures.map(({ name }) => name)).toEqual(['git', 'cc', 'cargo']);
});

test('what builds no sealer needs no compiler', () => {
  expect(
    failedChecks({ ...goodMachine, cc: false, cargoVersion: undefined, memoryBytes: GB }, ['node']),
  ).toEqual([]);
});

test.each([
  ['1.85.0', true],
  ['1.85.1', true],
  ['1.90.0-nightly', true],
  ['2.0.0', true],
  ['1.84.9', false],
  ['0.99.0', false],
])('%s is at least 1.85: %s', (version, expected) => {
  expect(isAtLeast(version, [1, 85])).toBe(expected);
});
