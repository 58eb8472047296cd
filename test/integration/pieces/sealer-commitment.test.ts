import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hashBySealer, hashInProcess } from '#pieces';
import { endSealerProcess, type RunningSealer, SealerClient, startSealerProcess } from '#sealer';
import { createTestFolder, type TestFolder } from '#testing';

let folder: TestFolder;
let sealer: RunningSealer;

beforeAll(async () => {
  const bin = process.env.BEEPRO_SEALER_BIN;
  if (!bin) throw new Error('BEEPRO_SEALER_BIN is not set: run the tests with npm test');
  folder = await createTestFolder();
  const place = (name: string) => join(folder.path, name);
  sealer = await startSealerProcess(
    { bin },
    { socket: place('s.sock'), log: place('log'), state: place('state') },
    60,
  );
});
afterAll(async () => {
  await endSealerProcess(sealer.process);
  await folder.remove();
});

it('the sealer and this process give the same commitment, and the sealer keeps no journal of it', async () => {
  const client = await SealerClient.connect(sealer.socket);
  const large = join(folder.path, 'large');
  await writeFile(large, Buffer.alloc(16 * 2 ** 20 + 1, 'data that repeats'));
  const small = join(folder.path, 'small');
  await writeFile(small, 'x');

  for (const path of [large, small])
    expect(await hashBySealer(client)(path)).toEqual(await hashInProcess(path));
  expect((await client.request('list', {})).result.runs).toEqual([]);
  client.close();
});
