/** How a kind of value is read, written and described. Values in the database are always text. */
export interface SettingType<T> {
  /** `whole number`, `duration` … for people. */
  readonly name: string;
  /** Bounds or choices, for people; empty when there are none. */
  readonly range: string;
  /** @throws ValueError */
  parse(text: string): T;
  /** The canonical text of a value; parsing it gives the value back. */
  format(value: T): string;
}

/** Why a text is no value of a type; the message completes "…: must be …". */
export class ValueError extends Error {
  /** The text may hold a secret: it is not shown with the message. */
  readonly isSecret: boolean;

  constructor(message: string, options: { readonly isSecret?: boolean } = {}) {
    super(message);
    this.isSecret = options.isSecret ?? false;
  }
}
