import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { capture, findProgram } from '../../../scripts/setup/command.mjs';

const FOLDER = 'deploy/systemd';
const analyze = findProgram('systemd-analyze');

function linesOf(unit: string): string[] {
  const text = readFileSync(join(FOLDER, unit), 'utf8');
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

describe.each(['worker', 'sealing', 'ui'])('the unit of the %s role', (role) => {
  const unit = `beepro-${role}.service`;

  test('runs the production build, ends one process alone, and is never given up', () => {
    const lines = linesOf(unit);
    expect(lines.filter((line) => line.startsWith('ExecStart='))).toEqual([
      expect.stringMatching(new RegExp(`dist/src/cli/main\\.js run ${role}$`)),
    ]);
    for (const line of ['KillMode=process', 'Restart=always', 'StartLimitIntervalSec=0']) {
      expect(lines).toContain(line);
    }
  });

  test('holds no secret', () => {
    const variables = linesOf(unit).filter((line) => line.startsWith('Environment='));
    expect(variables.join(' ')).not.toMatch(/PASSWORD|TOKEN|SECRET|URL/);
    expect(linesOf(unit)).toContain('EnvironmentFile=/etc/beepro/beepro.env');
  });

  test.skipIf(!analyze)('is accepted by systemd-analyze verify', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'beepro-units-'));
    try {
      const path = join(folder, unit);
      const text = readFileSync(join(FOLDER, unit), 'utf8');
      writeFileSync(path, text.replace(/^ExecStart=\S+/m, `ExecStart=${process.execPath}`));
      const { code, stdout, stderr } = await capture(analyze ?? '', ['verify', path]);
      expect({ code, said: `${stdout}${stderr}` }).toEqual({ code: 0, said: '' });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

test('what would hide or end running sealers is not in the worker’s unit', () => {
  const names = linesOf('beepro-worker.service').map((line) => line.split('=')[0]);
  for (const name of [
    'PrivateTmp',
    'PrivateDevices',
    'ProcSubset',
    'RuntimeDirectory',
    'MemoryDenyWriteExecute',
  ])
    expect(names).not.toContain(name);
  expect(linesOf('beepro-worker.service')).toContain('OOMPolicy=continue');
});
