import { expect, test } from 'vitest';
import { oomKills } from '../../../workers/oom-kills.ts';

test.each([
  ['the counter', 'nr_free_pages 12\noom_kill 3\nnuma_hit 4\n', 3],
  ['no counter, on kernels before 4.13', 'nr_free_pages 12\n', undefined],
  ['another counter that only begins like it', 'oom_kill_disable 7\n', undefined],
  ['nothing', '', undefined],
])('reads %s', (_what, vmstat, expected) => {
  expect(oomKills(vmstat)).toBe(expected);
});
