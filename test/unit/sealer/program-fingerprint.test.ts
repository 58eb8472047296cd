import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createTestFolder } from '#testing';
import { programFingerprint } from '../../../src/sealer/program-fingerprint.ts';

test('a sealer is another one when its file, its cores or a variable that it reads differ, and else the same', async () => {
  const folder = await createTestFolder();
  const bin = join(folder.path, 'beepro-sealer');
  await writeFile(bin, 'one');
  const program = { bin, cpus: '0', env: { TMPDIR: '/a' } };
  const outside = { FIL_PROOFS_PARAMETER_CACHE: '/params', HOME: '/home/x' };
  const first = programFingerprint(program, outside);
  expect(programFingerprint({ ...program }, { ...outside, HOME: '/home/y', BEEPRO_KILL_AT: 'x' })).toBe(
    first,
  );

  const others = [
    programFingerprint({ ...program, cpus: '1' }, outside),
    programFingerprint({ bin, env: { TMPDIR: '/a' } }, outside),
    programFingerprint({ ...program, env: { TMPDIR: '/b' } }, outside),
    programFingerprint({ ...program, env: { TMPDIR: '/a', CUDA_VISIBLE_DEVICES: '' } }, outside),
    programFingerprint(program, { ...outside, FIL_PROOFS_PARAMETER_CACHE: '/other' }),
  ];
  // The same bytes under the same name: a build or a package manager writes a new file and renames it.
  await writeFile(`${bin}.new`, 'one');
  await rename(`${bin}.new`, bin);
  others.push(programFingerprint(program, outside));
  expect(new Set([first, ...others]).size).toBe(others.length + 1);
  expect(programFingerprint({ bin: join(folder.path, 'absent') })).not.toBe(first);
  await folder.remove();
});
