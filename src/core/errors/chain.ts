import { defineErrors } from './define.ts';

export const CHAIN_ERRORS = defineErrors({});
