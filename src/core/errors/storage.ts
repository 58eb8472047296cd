import { defineErrors } from './define.ts';

export const STORAGE_ERRORS = defineErrors({});
