import { defineErrors } from './define.ts';

export const WALLET_ERRORS = defineErrors({});
