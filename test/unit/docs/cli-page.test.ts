import { expect, test } from 'vitest';
import { renderCliPage } from '../../../src/cli/cli-page.ts';

/** After a change of a command: `npm test -- unit/docs --update`. */
test('docs/cli.md is what --help prints', async () => {
  await expect(renderCliPage()).toMatchFileSnapshot('../../../docs/cli.md');
});
