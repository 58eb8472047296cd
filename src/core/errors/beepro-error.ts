import type { Severity } from './define.ts';
import { ERRORS, type ErrorCode } from './table.ts';

/** Plain facts about a failure, for the message, the log and the database. Never secrets. */
export type ErrorData = Readonly<Record<string, string | number | boolean | bigint | null | undefined>>;

/**
 * The one error type of the project. Callers switch on `code`; people read `message` and `cure`, which come
 * from the table, with `{name}` replaced from `data`.
 */
export class BeeproError extends Error {
  readonly code: ErrorCode;
  readonly data: ErrorData;

  constructor(code: ErrorCode, data: ErrorData = {}, options?: { cause?: unknown }) {
    super(fill(ERRORS[code].message, data), options);
    this.name = 'BeeproError';
    this.code = code;
    this.data = data;
  }

  get severity(): Severity {
    return ERRORS[this.code].severity;
  }

  get cure(): string {
    return fill(ERRORS[this.code].cure, this.data);
  }
}

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERRORS, text);
}

export function isBeeproError(error: unknown, code?: ErrorCode): error is BeeproError {
  return error instanceof BeeproError && (code === undefined || error.code === code);
}

/** Any thrown value as a BeeproError; what is not one already becomes `INTERNAL` with its message. */
export function toBeeproError(error: unknown): BeeproError {
  if (error instanceof BeeproError) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return new BeeproError('INTERNAL', { detail }, { cause: error });
}

function fill(template: string, data: ErrorData): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) =>
    data[name] === undefined ? whole : String(data[name]),
  );
}
