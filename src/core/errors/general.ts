import { defineErrors } from './define.ts';

export const GENERAL_ERRORS = defineErrors({
  INTERNAL: {
    severity: 'temporary',
    message: 'Unexpected failure: {detail}',
    cure: 'The step is retried. If it returns, report it with the log lines around it.',
  },
  INPUT_INVALID: {
    severity: 'permanent',
    message: '{what} is not valid: {detail}',
    cure: 'Correct the value and run the command again; nothing was changed.',
  },
  NOT_FOUND: {
    severity: 'permanent',
    message: 'There is no {what} {name}',
    cure: 'List what there is with the matching list command.',
  },
  CONFIRMATION_MISSING: {
    severity: 'permanent',
    message: 'Nobody has confirmed to {what}',
    cure: 'Nothing was changed. Answer "yes" at the terminal, or give --yes where there is none.',
  },
  MONEY_MALFORMED: {
    severity: 'permanent',
    message: '"{text}" is not an amount of FIL',
    cure: 'Write a number and a unit, such as 0.5 FIL, 3 nanoFIL or 100 attoFIL.',
  },
  CANCELLED: {
    severity: 'temporary',
    message: '{what} was interrupted',
    cure: 'Run it again: it goes on where it can.',
  },
  TIMED_OUT: {
    severity: 'temporary',
    message: '{what} did not finish within {ms} ms',
    cure: 'The step is retried with back-off; check the load and health of what it waits for.',
  },
});
