import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { BeeproError } from '#core';
import type { Faults } from '#devnet';
import type { ChainAddress } from './modules.ts';

const ANSWER_MS = 10_000;
const answerSchema = z.object({
  result: z.unknown().optional(),
  error: z.object({ message: z.string() }).optional(),
});
const standingSchema = z.array(
  z.object({ node: z.int(), url: z.string(), height: z.int(), pending: z.int() }),
);

/** The embedded chain in the hands of who runs it: `Devnet.…` of whichever of its nodes can be reached. */
export class ChainControl {
  readonly #addresses: () => readonly ChainAddress[];

  constructor(addresses: () => readonly ChainAddress[]) {
    this.#addresses = addresses;
  }

  /** Makes these things wrong with a node beside what is wrong already; back to right by itself after `forMs`. */
  async fault(node: number, fault: Partial<Faults>, forMs?: number): Promise<void> {
    await this.#call('Fault', { node, fault, ...(forMs === undefined ? {} : { forMs }) });
  }

  /** Rights what is wrong with one node, or with all. */
  async heal(node?: number): Promise<void> {
    await this.#call('Heal', node === undefined ? {} : { node });
  }

  /** Height and pending messages of each node. */
  async nodes(): Promise<z.output<typeof standingSchema>> {
    return standingSchema.parse(await this.#call('Nodes', {}));
  }

  async reorg(depth: number, delay = 0): Promise<void> {
    await this.#call('Reorg', { depth, delay });
  }

  /** @throws BeeproError `CHAIN_UNREACHABLE` when no node can be reached, `CHAIN_RPC_FAILED` when it is refused */
  async #call(method: string, params: unknown): Promise<unknown> {
    const failures: string[] = [];
    for (const { url, tokenFile } of this.#addresses()) {
      let text: string;
      try {
        const response = await fetch(url, {
          method: 'POST',
          headers: { authorization: `Bearer ${readFileSync(tokenFile, 'utf8').trim()}` },
          body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: `Devnet.${method}`, params: [params] }),
          signal: AbortSignal.timeout(ANSWER_MS),
        });
        text = await response.text();
      } catch (error) {
        // The next may be there: that one of them is not is what this is for.
        failures.push(`${url}: ${error instanceof Error ? error.message : String(error)}`);
        continue;
      }
      const { result, error } = answerSchema.parse(JSON.parse(text));
      if (error) {
        const facts = { node: url, method: `Devnet.${method}`, rpcCode: 1, detail: error.message };
        throw new BeeproError('CHAIN_RPC_FAILED', facts);
      }
      return result;
    }
    const detail = failures.join('; ');
    throw new BeeproError('CHAIN_UNREACHABLE', { node: 'the chain', method: `Devnet.${method}`, detail });
  }
}
