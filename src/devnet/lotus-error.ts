/** An error of the node's API: code 1 for most, and a few with a code of their own. Source: Lotus `api/api_errors.go`. */
export class LotusError extends Error {
  readonly code: number;
  readonly data: unknown;

  constructor(message: string, code = 1, data?: unknown) {
    super(message);
    this.name = 'LotusError';
    this.code = code;
    this.data = data;
  }
}

export const LOTUS_CODE = { outOfGas: 2, reverted: 3 } as const;
