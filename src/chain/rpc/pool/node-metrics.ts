/** Calls of one method to one node. */
export interface MethodMetrics {
  readonly calls: number;
  readonly errors: number;
  /** Mean of the newest, in ms; undefined before the first answer. */
  readonly latencyMs: number | undefined;
}

export interface NodeMetrics extends MethodMetrics {
  /** Share of calls that failed by the node's fault, the newest counting most. */
  readonly errorRate: number;
  readonly methods: Readonly<Record<string, MethodMetrics>>;
}

/** How much the newest counts in a mean. */
const NEWEST = 0.2;
const NEWEST_ERROR = 0.05;

export function mean(before: number | undefined, value: number, newest = NEWEST): number {
  return before === undefined ? value : before + newest * (value - before);
}

/** Counts of calls to one node, in this process. */
export class CallCounter {
  readonly #methods = new Map<string, { calls: number; errors: number; latencyMs: number | undefined }>();
  #calls = 0;
  #errors = 0;
  #errorRate = 0;
  #latencyMs: number | undefined;

  get latencyMs(): number | undefined {
    return this.#latencyMs;
  }

  /** @param ms how long it took; counted only for answers */
  count(method: string, ms: number, failed: boolean): void {
    const own = this.#methods.get(method) ?? { calls: 0, errors: 0, latencyMs: undefined };
    this.#methods.set(method, own);
    own.calls += 1;
    this.#calls += 1;
    this.#errorRate = mean(this.#errorRate, failed ? 1 : 0, NEWEST_ERROR);
    if (failed) {
      own.errors += 1;
      this.#errors += 1;
    } else {
      own.latencyMs = mean(own.latencyMs, ms);
      this.#latencyMs = mean(this.#latencyMs, ms);
    }
  }

  read(): NodeMetrics {
    return {
      calls: this.#calls,
      errors: this.#errors,
      latencyMs: this.#latencyMs,
      errorRate: this.#errorRate,
      methods: Object.fromEntries([...this.#methods].map(([method, own]) => [method, { ...own }])),
    };
  }
}
