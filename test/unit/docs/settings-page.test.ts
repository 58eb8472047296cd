import { expect, test } from 'vitest';
import { renderSettingsPage } from '#config';

/** After a change of the registry: `npm test -- unit/docs --update`. */
test('docs/settings.md is the registry of settings', async () => {
  await expect(renderSettingsPage()).toMatchFileSnapshot('../../../docs/settings.md');
});
