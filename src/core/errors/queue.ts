import { defineErrors } from './define.ts';

export const QUEUE_ERRORS = defineErrors({});
