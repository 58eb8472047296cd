/** A method `Devnet.…` of the API. */
export interface ControlMethod {
  /** Parses the parameters and runs. @throws ZodError */
  call(params: unknown): Promise<unknown>;
}

export type ControlMethods = Readonly<Record<string, ControlMethod>>;
