import { defineErrors } from './define.ts';

export const DATABASE_ERRORS = defineErrors({});
