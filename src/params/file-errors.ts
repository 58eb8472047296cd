import { BeeproError } from '#core';

export function detailOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === code;
}

/** The error of a failed read in the folder. */
export function unreadable(path: string, error: unknown): BeeproError {
  return new BeeproError('PARAMS_FOLDER_UNREADABLE', { path, detail: detailOf(error) }, { cause: error });
}
