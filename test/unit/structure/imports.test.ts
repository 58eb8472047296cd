import { cruise } from 'dependency-cruiser';
import { expect, test } from 'vitest';
import config from '../../../.dependency-cruiser.mjs';

/** `docs/architecture.md` says which folder may import which; this holds the code to it. */
test('the arrows between folders point one way and there is no cycle', async () => {
  const { output } = await cruise(['src', 'config', 'db', 'queues', 'workers'], {
    ...config.options,
    validate: true,
    ruleSet: { forbidden: config.forbidden },
  });
  if (typeof output === 'string') throw new Error(output);
  expect(output.summary.totalCruised).toBeGreaterThan(50);
  expect(output.summary.violations.map((v) => `${v.rule.name}: ${v.from} → ${v.to}`)).toEqual([]);
});
