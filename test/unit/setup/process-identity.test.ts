import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import {
  identityOf,
  isProcessIdentity,
  judge,
  liveness,
  ownIdentity,
  parseStat,
} from '../../../scripts/setup/process-identity.mjs';

const FIELDS = 'S 1 4711 4711 0 -1 4194304 100 0 0 0 1 2 0 0 20 0 7 0 987654 1000 200 18446744073709551615';

test.each([
  ['an ordinary name', `4711 (node) ${FIELDS}`],
  ['blanks in the name', `4711 (tmux: server) ${FIELDS}`],
  ['parentheses in the name', `4711 (a) S 1 (b)) ${FIELDS}`],
])('the start time is field 22, counted behind the name: %s', (_, stat) => {
  expect(parseStat(stat)).toEqual({ state: 'S', startTime: '987654' });
});

const recorded = { bootId: 'boot-1', pid: 4711, startTime: '100', pidNamespace: 'pid:[1]' };
const here = { bootId: 'boot-1', pidNamespace: 'pid:[1]' };

test.each([
  ['the very process', { ...here, current: recorded }, 'alive'],
  ['nothing has the pid', { ...here, current: undefined }, 'dead'],
  ['the pid was used again', { ...here, current: { ...recorded, startTime: '101' } }, 'dead'],
  ['the machine has booted since', { ...here, bootId: 'boot-2', current: recorded }, 'dead'],
  ['another container', { ...here, pidNamespace: 'pid:[2]', current: undefined }, 'unknown'],
  [
    'another container, another boot',
    { bootId: 'boot-2', pidNamespace: 'pid:[2]', current: undefined },
    'dead',
  ],
] as const)('%s is %#: judged', (_, seen, verdict) => {
  expect(judge(recorded, seen)).toBe(verdict);
});

test('this process is alive, and an ended child is dead', async () => {
  const own = ownIdentity();
  expect(isProcessIdentity(own)).toBe(true);
  expect(liveness(own)).toBe('alive');

  const child = spawn('sleep', ['60']);
  const identity = identityOf(child.pid ?? 0);
  if (!identity) throw new Error('the child is not there');
  expect(liveness(identity)).toBe('alive');
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(liveness(identity)).toBe('dead');
});

test.each([null, 'x', {}, { ...recorded, pid: '4711' }, { ...recorded, startTime: 100 }])(
  'a record that is none is told from one: %j',
  (value) => {
    expect(isProcessIdentity(value)).toBe(false);
  },
);
