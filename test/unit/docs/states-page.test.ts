import { expect, test } from 'vitest';
import { renderStatesPage } from '#sector';

/** After a change of the table: `npm test -- unit/docs --update`. */
test('docs/sector-states.md is the table of transitions', async () => {
  await expect(renderStatesPage()).toMatchFileSnapshot('../../../docs/sector-states.md');
});
