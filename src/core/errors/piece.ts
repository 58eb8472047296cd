import { defineErrors } from './define.ts';

export const PIECE_ERRORS = defineErrors({});
