import { defineErrors } from './define.ts';

export const WEB_ERRORS = defineErrors({});
