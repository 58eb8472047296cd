import { defineErrors } from './define.ts';

export const WORKER_ERRORS = defineErrors({});
