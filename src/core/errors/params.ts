import { defineErrors } from './define.ts';

export const PARAMS_ERRORS = defineErrors({});
