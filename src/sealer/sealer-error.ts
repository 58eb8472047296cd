import { BeeproError, type ErrorData, isErrorCode } from '#core';

/** An error answer of the sealer as the project's own error: `no_space` becomes `SEALER_NO_SPACE`. */
export function sealerError(
  op: string,
  id: string | null,
  error: {
    readonly code: string;
    readonly message: string;
    readonly data?: Record<string, unknown> | undefined;
  },
): BeeproError {
  const code = `SEALER_${error.code.toUpperCase()}`;
  const data: ErrorData = { ...plain(error.data), op, id, detail: error.message };
  if (isErrorCode(code)) return new BeeproError(code, data);
  return new BeeproError('SEALER_LIBRARY', { ...data, detail: `${error.code}: ${error.message}` });
}

/** Lists and objects are written as JSON: an error's data is plain. */
function plain(data: Record<string, unknown> | undefined): ErrorData {
  return Object.fromEntries(
    Object.entries(data ?? {}).map(([name, value]) => [
      name,
      value === null || ['string', 'number', 'boolean'].includes(typeof value)
        ? (value as string | number | boolean | null)
        : JSON.stringify(value),
    ]),
  );
}
