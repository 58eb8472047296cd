import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseDatabaseUrl } from '#db';
import { isServerRecentEnough } from '../../../db/database.ts';

const folder = mkdtempSync(join(tmpdir(), 'beepro-url-'));
const secret = join(folder, 'password');
writeFileSync(secret, 'from-file\n');
afterAll(() => rmSync(folder, { recursive: true }));

describe('a database URL', () => {
  it.each([
    ['mysql://u:p@db.example:3307/beepro', { host: 'db.example', port: 3307, user: 'u', password: 'p' }],
    ['mysql://u@db/b', { host: 'db', port: 3306, password: undefined, server: 'db:3306' }],
    ['mariadb://u:p%40ss%2F@[::1]/b', { host: '::1', password: 'p@ss/' }],
    [
      'mysql://u@localhost/b?socketPath=%2Frun%2Fm.sock',
      { socketPath: '/run/m.sock', server: '/run/m.sock' },
    ],
    ['mysql://u@localhost/b?socketPath=/run/m.sock', { socketPath: '/run/m.sock' }],
    ['mysql://u@db/b?ssl=verify', { ssl: { rejectUnauthorized: true } }],
    ['mysql://u@db/b?ssl=trust', { ssl: { rejectUnauthorized: false } }],
    [`mysql://u@db/b?passwordFile=${secret}`, { password: 'from-file' }],
  ])('%s', (url, expected) => {
    expect(parseDatabaseUrl(url)).toMatchObject(expected);
  });

  it('takes the password from a file rather than from the URL', () => {
    expect(parseDatabaseUrl('mysql://u:x@db/b', secret).password).toBe('from-file');
  });

  it.each([
    ['', 'mysql://'],
    ['postgres://u@h/b', 'mysql://'],
    ['mysql://u@h', 'no database'],
    ['mysql://h/b', 'no user'],
    ['mysql://u@h/b?socket=/x', 'unknown parameter socket'],
    ['mysql://u@h/b?ssl=maybe', 'ssl must be'],
    ['mysql://u%zz@h/b', 'escape'],
    ['mysql://u@h/b?passwordFile=/none/here', '/none/here'],
  ])('"%s" is refused: %s', (url, detail) => {
    expect(() => parseDatabaseUrl(url)).toThrow(
      expect.objectContaining({ code: 'DB_URL_INVALID', message: expect.stringContaining(detail) }),
    );
  });

  it('never repeats a password in an error', () => {
    expect(() => parseDatabaseUrl('mysql://u:hush@h')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hush') }),
    );
  });
});

describe('server versions', () => {
  it.each([
    ['10.11.19-MariaDB-0+deb12u1', true],
    ['10.5.29-MariaDB', false],
    ['10.6.0-MariaDB-log', true],
    ['11.4.2-MariaDB', true],
    ['8.4.3', true],
    ['8.0.15', false],
    ['8.0.16-commercial', true],
    ['5.7.44-log', false],
    ['', false],
  ])('%s: %s', (version, isEnough) => {
    expect(isServerRecentEnough(version)).toBe(isEnough);
  });
});
