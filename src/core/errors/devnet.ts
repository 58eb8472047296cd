import { defineErrors } from './define.ts';

export const DEVNET_ERRORS = defineErrors({});
