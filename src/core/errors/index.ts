export { BeeproError, type ErrorData, isBeeproError, isErrorCode, toBeeproError } from './beepro-error.ts';
export { defineErrors, type ErrorDefinition, type Severity } from './define.ts';
export { renderErrorsPage } from './errors-page.ts';
export { ERRORS, type ErrorCode } from './table.ts';
