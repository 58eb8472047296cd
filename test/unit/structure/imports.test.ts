import { rmSync } from 'node:fs';
import { cruise } from 'dependency-cruiser';
import { expect, test } from 'vitest';
import config from '../../../.dependency-cruiser.mjs';
import { copyImportTree } from './import-tree.ts';

/** `docs/architecture.md` says which folder may import which; this holds the code to it. */
test('the arrows between folders point one way and there is no cycle', async () => {
  const copy = copyImportTree(process.cwd());
  try {
    const { output } = await cruise(['src', 'config', 'db', 'queues', 'workers', 'bench'], {
      ...config.options,
      baseDir: copy,
      validate: true,
      ruleSet: { forbidden: config.forbidden },
    });
    if (typeof output === 'string') throw new Error(output);
    const edges = output.modules.flatMap((module) => module.dependencies);
    expect(output.summary.totalCruised).toBeGreaterThan(300);
    expect(edges.filter((edge) => edge.couldNotResolve && /^[#.]/.test(edge.module))).toEqual([]);
    expect(output.summary.violations.map((v) => `${v.rule.name}: ${v.from} → ${v.to}`)).toEqual([]);
  } finally {
    rmSync(copy, { recursive: true });
  }
});
