import { defineErrors } from './define.ts';

export const SETTING_ERRORS = defineErrors({});
