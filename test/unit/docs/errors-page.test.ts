import { expect, test } from 'vitest';
import { ERRORS, renderErrorsPage } from '#core';

/** After a change of the table: `npm test -- unit/docs --update`. */
test('docs/errors.md is the table of errors', async () => {
  await expect(renderErrorsPage()).toMatchFileSnapshot('../../../docs/errors.md');
});

test.each(Object.entries(ERRORS))('%s says what happened and what to do', (code, { message, cure }) => {
  expect(code).toMatch(/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/);
  expect(message.length).toBeGreaterThan(8);
  expect(cure).toMatch(/[.!]$/);
});
