import { createInterface } from 'node:readline/promises';
import { BeeproError } from '#core';

export interface ConfirmOption {
  readonly yes?: boolean;
}

/**
 * Has a person confirm what costs money or shows a secret: `--yes`, or the word typed at a terminal.
 * @throws BeeproError `CONFIRMATION_MISSING`
 */
export async function confirm(what: string, options: ConfirmOption): Promise<void> {
  if (options.yes) return;
  if (!process.stdin.isTTY || !process.stderr.isTTY) throw new BeeproError('CONFIRMATION_MISSING', { what });
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`This will ${what}.\nGo on? Type "yes": `);
    if (answer.trim().toLowerCase() !== 'yes') throw new BeeproError('CONFIRMATION_MISSING', { what });
  } finally {
    terminal.close();
  }
}
