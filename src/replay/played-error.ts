/** An error as the sealer's protocol has it (`docs/sealer-protocol.md`, "Errors"). */
export class PlayedError extends Error {
  readonly code: string;
  readonly data: Readonly<Record<string, unknown>> | undefined;

  constructor(code: string, message: string, data?: Readonly<Record<string, unknown>>) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

/** The played machine dies: the process ends as by SIGKILL, or its connection does. */
export class PlayedCrash extends Error {}
