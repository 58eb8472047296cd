import { defineErrors } from './define.ts';

export const SEALER_ERRORS = defineErrors({});
