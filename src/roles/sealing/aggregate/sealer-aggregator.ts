import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SNARK_PACK_V2 } from '#chain';
import { fromHex } from '#codec';
import { BeeproError, toBeeproError } from '#core';
import { ResidentSealer, type SealerProgram } from '#sealer';
import { type AggregateInput, aggregateDigest } from './aggregate-input.ts';

/** What this process can aggregate: so many Groth16 proofs at most, or nothing and why. */
export type AggregatorAbility = { readonly proofs: number } | { readonly why: string };

/** Makes one proof of many. What it returns has been verified. */
export interface ProofAggregator {
  ability(): Promise<AggregatorAbility>;
  /** @throws BeeproError `SEALER_…`, `BATCH_AGGREGATE_INVALID`, `TIMED_OUT` */
  aggregate(input: AggregateInput, timeoutMs: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** The SRS of the parameters that a machine makes itself holds so many proofs; the published one, all there may be. */
const GENERATED_SRS_PROOFS = 512;
const PUBLISHED_SRS_PROOFS = 8_192;
/** What the machine can do is looked at again after so long: parameters may have been fetched meanwhile. */
const ABILITY_LIVES_MS = 60_000;
/** No aggregate may take longer than `batch.commit.aggregate_timeout` can be set to, six hours. */
const PLACE_LIVES_MS = 24 * 3_600_000;
/** Aggregates that are kept, the newest: each is some 10 to 40 KB. */
const KEPT = 64;

/**
 * Aggregates by a sealer process of its own, which runs only while it has something to do: the memory is free again
 * afterwards. Proofs are kept in files named by all that they depend on, so that a restart computes none again.
 */
export class SealerAggregator implements ProofAggregator {
  readonly #program: SealerProgram | undefined;
  readonly #dir: string;
  #ability: { readonly is: AggregatorAbility; readonly atMs: number } | undefined;

  /** @param program none: nothing is aggregated, and {@link ability} says so @param dir its journal and the proofs */
  constructor(program: SealerProgram | undefined, dir: string) {
    this.#program = program;
    this.#dir = dir;
  }

  async ability(): Promise<AggregatorAbility> {
    const now = performance.now();
    if (!this.#ability || now - this.#ability.atMs > ABILITY_LIVES_MS) {
      this.#ability = { is: await this.#look(), atMs: now };
    }
    return this.#ability.is;
  }

  async aggregate(input: AggregateInput, timeoutMs: number): Promise<Uint8Array> {
    const digest = aggregateDigest(input);
    const kept = await this.#kept(digest);
    if (kept) return kept;
    const proof = await this.#withSealer((sealer) => make(sealer, input, digest), timeoutMs);
    await this.#keep(digest, proof);
    return proof;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running].map((sealer) => sealer.close()));
  }

  readonly #running = new Set<ResidentSealer>();

  async #look(): Promise<AggregatorAbility> {
    if (!this.#program) return { why: 'no sealer is given (BEEPRO_SEALER_BIN)' };
    try {
      const { result } = await this.#withSealer((sealer) => sealer.request('params', {}), 60_000);
      const srs = result.files.find(({ kind }) => kind === 'srs');
      if (!srs) return { why: `no SRS file lies in ${result.directory} (beepro params)` };
      return { proofs: srs.origin === 'published' ? PUBLISHED_SRS_PROOFS : GENERATED_SRS_PROOFS };
    } catch (error) {
      return { why: toBeeproError(error).message };
    }
  }

  /** A process for this work alone. It ends with it, also when it is given up. */
  async #withSealer<T>(work: (sealer: ResidentSealer) => Promise<T>, timeoutMs: number): Promise<T> {
    if (!this.#program) throw new BeeproError('SEALER_NOT_INSTALLED', { bin: 'BEEPRO_SEALER_BIN' });
    const place = join(this.#dir, `sealer-${randomBytes(4).toString('hex')}`);
    await mkdir(place, { recursive: true });
    await this.#sweep();
    const sealer = new ResidentSealer(this.#program, place);
    this.#running.add(sealer);
    try {
      return await within(work(sealer), timeoutMs);
    } finally {
      await sealer.close();
      this.#running.delete(sealer);
      await rm(place, { recursive: true, force: true, maxRetries: 3 });
    }
  }

  /** Folders of sealers whose coordinator was killed: they have long ended by themselves. */
  async #sweep(): Promise<void> {
    for (const name of await readdir(this.#dir)) {
      const path = join(this.#dir, name);
      if (!name.startsWith('sealer-')) continue;
      // Another may have swept it away since.
      const found = await stat(path).catch(() => undefined);
      if (found && Date.now() - found.mtimeMs > PLACE_LIVES_MS)
        await rm(path, { recursive: true, force: true });
    }
  }

  #path(digest: string): string {
    return join(this.#dir, `${digest}.aggregate`);
  }

  async #kept(digest: string): Promise<Uint8Array | undefined> {
    try {
      return new Uint8Array(await readFile(this.#path(digest)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Whole or not at all; the oldest go. */
  async #keep(digest: string, proof: Uint8Array): Promise<void> {
    const temporary = join(this.#dir, `${digest}.${process.pid}.tmp`);
    await writeFile(temporary, proof, { flush: true });
    await rename(temporary, this.#path(digest));
    const names = (await readdir(this.#dir)).filter((name) => name.endsWith('.aggregate'));
    const dated = await Promise.all(
      names.map(async (name) => ({ name, ms: (await stat(join(this.#dir, name))).mtimeMs })),
    );
    const old = dated.toSorted((a, b) => b.ms - a.ms).slice(KEPT);
    await Promise.all(old.map(({ name }) => rm(join(this.#dir, name), { force: true })));
  }
}

async function make(sealer: ResidentSealer, input: AggregateInput, digest: string): Promise<Uint8Array> {
  const { miner, sealProof, members } = input;
  const of = { proof_type: sealProof, aggregation: SNARK_PACK_V2 };
  const made = await sealer.request(
    'aggregate',
    { ...of, sectors: members.map(({ commR, seed, proof }) => ({ comm_r: commR, seed, proof })) },
    { id: `aggregate-${digest}` },
  );
  const { proof } = made.result;
  const sectors = members.map(({ number, commR, commD, ticket, seed }) => ({
    ...{ number, comm_r: commR, comm_d: commD, ticket, seed },
  }));
  const { result } = await sealer.request('verify-aggregate', { ...of, miner, sectors, proof });
  const bytes = fromHex(proof);
  if (!result.valid || !bytes) throw new BeeproError('BATCH_AGGREGATE_INVALID', { sectors: members.length });
  return bytes;
}

async function within<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new BeeproError('TIMED_OUT', { what: 'aggregating proofs', ms })), ms);
  });
  try {
    return await Promise.race([work, expired]);
  } finally {
    clearTimeout(timer);
  }
}
