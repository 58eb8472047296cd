import { BeeproError } from '#core';

/** An error of the file system in the project's words. What is not one passes unchanged. */
export function storageError(error: unknown, path: string): unknown {
  if (error instanceof BeeproError || !(error instanceof Error) || !('code' in error)) return error;
  const options = { cause: error };
  switch (error.code) {
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return new BeeproError('STORAGE_NO_SPACE', { path }, options);
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return new BeeproError('STORAGE_READ_ONLY', { path, detail: error.message }, options);
    case 'ENOENT':
    case 'ENOTDIR':
      return new BeeproError('STORAGE_FILE_MISSING', { path }, options);
    default:
      return new BeeproError('STORAGE_IO', { path, detail: error.message }, options);
  }
}

/**
 * Waits for a step on a file at most `ms`. A thread that hangs in the kernel cannot be freed; the phase fails and
 * is tried again, with the mount probed first.
 */
export async function withStallLimit<T>(
  step: Promise<T>,
  ms: number,
  what: string,
  path: string,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new BeeproError('STORAGE_STALLED', { what, path, ms })), ms);
  });
  try {
    return await Promise.race([step, late]);
  } catch (error) {
    throw storageError(error, path);
  } finally {
    clearTimeout(timer);
  }
}
