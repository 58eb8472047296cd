import { defineErrors } from './define.ts';

export const SETTING_ERRORS = defineErrors({
  SETTING_UNKNOWN: {
    severity: 'permanent',
    message: 'There is no setting {name}{hint}',
    cure: 'See "beepro setting list" or docs/settings.md for the names.',
  },
  SETTING_VALUE_INVALID: {
    severity: 'permanent',
    message: '"{value}" is no value for {name}: {detail}',
    cure: 'Give a value of the right kind with "beepro setting set"; until then the last good value stays in force.',
  },
  SETTING_SCOPE_INVALID: {
    severity: 'permanent',
    message: '{name} cannot be set for {scope}: {detail}',
    cure: 'Use *, miner:NUMBER, class:NAME or worker:NAME, as the setting allows.',
  },
  ENVIRONMENT_INVALID: {
    severity: 'fatal',
    message: 'The environment is not complete: {detail}',
    cure: 'Set the variables named; README.md lists them all.',
  },
});
