import { defineErrors } from './define.ts';

export const WEB_ERRORS = defineErrors({
  WEB_PASSWORD_UNREADABLE: {
    severity: 'fatal',
    message: 'The password of the web page cannot be read from {path}: {detail}',
    cure: 'Put a password of at least 8 characters into the file that BEEPRO_WEB_PASSWORD_FILE names, readable by this user alone.',
  },
  WEB_LISTEN_FAILED: {
    severity: 'fatal',
    message: 'The web page cannot listen on {address}: {detail}',
    cure: 'Choose another address with --listen HOST:PORT, or stop what holds this one.',
  },
});
