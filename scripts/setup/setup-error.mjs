/** Something set-up cannot go on without, with what the user can do about it. */
export class SetupError extends Error {
  /**
   * @param {string} message what is wrong
   * @param {string} [cure] what to do, starting with a verb
   * @param {string} [details] the output of the program that failed
   */
  constructor(message, cure = '', details = '') {
    super(message);
    this.name = 'SetupError';
    this.cure = cure;
    this.details = details;
  }
}

/**
 * @param {unknown} error
 * @returns {string} the lines shown to the user
 */
export function describeError(error) {
  if (!(error instanceof SetupError))
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  const lines = [error.message];
  if (error.details) lines.push(error.details.trimEnd().replace(/^/gm, '    '));
  if (error.cure) lines.push(`  → ${error.cure}`);
  return lines.join('\n');
}
