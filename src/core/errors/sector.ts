import { defineErrors } from './define.ts';

export const SECTOR_ERRORS = defineErrors({});
