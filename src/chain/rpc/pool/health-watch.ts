import { BeeproError, toBeeproError } from '#core';
import type { Logger } from '#log';
import { waitLeftMs } from './breaker.ts';
import type { ChainRecord } from './chain-record.ts';
import { judgeHeights } from './health.ts';
import { agreedVersion, type ChainIdentity, commonIdentity, foreignReason } from './identity.ts';
import { lookAt } from './look.ts';
import type { PoolNode } from './pool-node.ts';
import { breakerRules, type PoolSettings } from './pool-settings.ts';
import { verdictOf } from './verdict.ts';

/** After so long without a use nobody is looked at any more, in ms: a fleet's idle workers leave the nodes alone. */
const IDLE_MS = 60_000;
/** How often a node is asked which chain it serves, in ms: what answers behind a proxy may change. */
const IDENTITY_MS = 60_000;
/** No sleep outlasts by more than this a setting that it was measured by, in ms. */
const LONGEST_SLEEP_MS = 1_000;
/** How often the record of the chain is read again, in ms. */
const RECORD_MS = 5_000;

export interface HealthWatchOptions {
  readonly settings: PoolSettings;
  readonly record: ChainRecord;
  readonly log: Pick<Logger, 'error' | 'warn' | 'info'> | undefined;
  /** The nodes of the present setting, in its order. */
  readonly nodes: () => readonly PoolNode[];
  /** A node's answer to a look: it has this tipset. */
  readonly onHead: (node: PoolNode, key: readonly string[]) => void;
  readonly onChange: () => void;
}

/** Looks at the nodes while they are used, and says which are in rotation. */
export class HealthWatch {
  readonly #options: HealthWatchOptions;
  #recorded: ChainIdentity | undefined;
  #recordReadAt = Number.NEGATIVE_INFINITY;
  #keeping: Promise<void> | undefined;
  /** Who listens for heads, and so uses the nodes although nothing is asked. */
  #holders = 0;
  #usedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #clockOff: number | undefined;

  constructor(options: HealthWatchOptions) {
    this.#options = options;
  }

  /** The chain that is recorded, as far as it has been read. */
  get recorded(): ChainIdentity | undefined {
    return this.#recorded;
  }

  /** Somebody asks something: the nodes are looked at from now on, and for a while. */
  use(): void {
    this.#usedAt = performance.now();
    if (this.#timer === undefined && !this.#isClosed) this.#tick();
  }

  /** The nodes are looked at until the function returned is called. */
  hold(): () => void {
    this.#holders += 1;
    this.use();
    return () => {
      this.#holders -= 1;
      this.#usedAt = performance.now();
    };
  }

  /** Returns when one of the nodes wanted is in rotation, or when every look that could bring one is over. */
  async settled(isWanted: (node: PoolNode) => boolean = () => true): Promise<void> {
    for (;;) {
      this.use();
      this.judge();
      const nodes = this.#options.nodes().filter(isWanted);
      if (nodes.some(({ isReady }) => isReady)) return;
      const looks = nodes.filter((node) => this.#isDue(node)).map((node) => this.#look(node));
      const open = [
        ...looks,
        ...nodes.flatMap(({ looking }) => looking ?? []),
        ...(this.#keeping ? [this.#keeping] : []),
      ];
      if (open.length === 0) return;
      await Promise.race(open);
    }
  }

  /** Looks at every node now, whatever is due. */
  async lookAtAll(): Promise<void> {
    this.use();
    await Promise.all(this.#options.nodes().map((node) => this.#look(node)));
    await this.#keeping;
    this.judge();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #tick(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { nodes } = this.#options;
    const isUsed = this.#holders > 0 || performance.now() - this.#usedAt <= IDLE_MS;
    if (this.#isClosed || !isUsed) return;
    for (const node of nodes()) if (this.#isDue(node)) void this.#look(node);
    const nextMs = Math.min(LONGEST_SLEEP_MS, ...nodes().map((node) => this.#dueInMs(node)));
    this.#timer = setTimeout(() => this.#tick(), Math.max(10, nextMs)).unref();
  }

  #dueInMs(node: PoolNode): number {
    const now = performance.now();
    const { breaker, looking, lookedAt } = node;
    if (looking) return Number.POSITIVE_INFINITY;
    if (breaker.kind === 'open') return waitLeftMs(breaker, breakerRules(this.#options.settings), now);
    return lookedAt + this.#options.settings.get('chain.probe_interval') - now;
  }

  #isDue(node: PoolNode): boolean {
    return node.looking === undefined && this.#dueInMs(node) <= 0;
  }

  #look(node: PoolNode): Promise<void> {
    node.looking ??= this.#lookNow(node).finally(() => {
      node.looking = undefined;
      this.#settleIdentity();
      this.judge();
    });
    return node.looking;
  }

  async #lookNow(node: PoolNode): Promise<void> {
    const started = performance.now();
    const wasOut = node.breaker.kind === 'open';
    const withIdentity = wasOut || started - node.identityAt > IDENTITY_MS;
    node.lookedAt = started;
    try {
      const timeoutMs = this.#options.settings.get('chain.probe_timeout');
      const [look] = await Promise.all([lookAt(node, timeoutMs, withIdentity), this.#readRecord()]);
      node.seen = look.head;
      node.height = look.head.height;
      node.syncing = look.syncing;
      node.schedule = look.schedule ?? node.schedule;
      if (look.identity) {
        node.identity = look.identity;
        node.identityAt = started;
      }
      node.note('well');
      this.#options.onHead(node, look.tipSetKey);
    } catch (caught) {
      const error = toBeeproError(caught);
      // A node that was closed with its setting says nothing of itself.
      if (error.code !== 'CHAIN_CANCELLED') node.note('stalled', error);
    }
  }

  async #readRecord(): Promise<void> {
    const now = performance.now();
    if (now - this.#recordReadAt < RECORD_MS) return;
    this.#recordReadAt = now;
    try {
      this.#recorded = await this.#options.record.find();
    } catch (error) {
      // What was read before counts until the database answers again.
      this.#recordReadAt = Number.NEGATIVE_INFINITY;
      if (!this.#recorded) throw error;
    }
  }

  /** Records the chain at the first contact, when every node has had its look, and its newer network versions. */
  #settleIdentity(): void {
    const nodes = this.#options.nodes();
    const seen = nodes.flatMap(({ identity }) => identity ?? []);
    const recorded = this.#recorded;
    if (this.#keeping || seen.length === 0) return;
    if (!recorded && nodes.some(({ looking, lookedAt }) => looking || lookedAt === Number.NEGATIVE_INFINITY))
      return;
    const common = recorded ?? commonIdentity(seen);
    const version = recorded ? agreedVersion(recorded, seen) : common?.networkVersion;
    if (!common || version === undefined || (recorded && version === recorded.networkVersion)) return;
    const keep = async (): Promise<void> => {
      try {
        this.#recorded = await this.#options.record.keep({ ...common, networkVersion: version });
      } catch (error) {
        this.#options.log?.warn({ event: 'chain.not-recorded', err: error }, (error as Error).message);
      }
    };
    this.#keeping = keep().finally(() => {
      this.#keeping = undefined;
      this.judge();
    });
  }

  /** Says of every node anew whether it is in rotation. Cheap: called whenever something was seen. */
  judge(): void {
    const nodes = this.#options.nodes();
    const { settings } = this.#options;
    const now = performance.now();
    const freshMs = 3 * settings.get('chain.probe_interval') + settings.get('chain.probe_timeout');
    const isFresh = (node: PoolNode) => node.seen !== undefined && now - node.seen.at < freshMs;
    const foreignOf = ({ identity }: PoolNode) =>
      identity && this.#recorded && foreignReason(this.#recorded, identity);
    const level = nodes.filter(
      (node) => isFresh(node) && node.identity && this.#recorded && !foreignOf(node),
    );
    const { nodes: heights, clockOff } = judgeHeights(
      level.flatMap(({ seen }) => seen ?? []),
      { maxLag: settings.get('chain.max_lag'), epochsPerMs: growthOf(level) },
    );
    for (const node of nodes) {
      const next = verdictOf({
        breaker: node.breaker,
        failure: node.failure,
        foreign: foreignOf(node),
        isFresh: isFresh(node),
        height: heights[level.indexOf(node)],
        syncing: node.syncing,
        clockOff,
      });
      const last = node.verdict;
      node.verdict = next;
      node.readySince = next.state === 'ready' ? (node.readySince ?? now) : undefined;
      if (last.state !== next.state) this.#tell(node, last.state);
    }
    this.#tellClock(clockOff);
    const hasReady = nodes.some(({ isReady }) => isReady);
    for (const node of nodes) node.follow(hasReady);
    this.#options.onChange();
  }

  #tell(node: PoolNode, last: PoolNode['verdict']['state']): void {
    const { log } = this.#options;
    const { state, reason } = node.verdict;
    const facts = { event: `chain.node-${state}`, node: node.name };
    if (state === 'foreign') {
      const error = new BeeproError('CHAIN_NODE_FOREIGN', { node: node.name, detail: reason });
      log?.error({ ...facts, code: error.code }, error.message);
    } else if (state === 'ready') {
      if (last !== 'unknown') log?.info(facts, `the node ${node.name} is in rotation again`);
    } else if (state !== 'unknown') {
      const error = new BeeproError('CHAIN_NODE_OUT', { node: node.name, reason });
      log?.warn({ ...facts, code: node.verdict.code }, error.message);
    }
  }

  #tellClock(clockOff: number | undefined): void {
    const isNew = clockOff !== undefined && this.#clockOff === undefined;
    this.#clockOff = clockOff;
    if (!isNew) return;
    const direction = clockOff > 0 ? 'ahead' : 'short';
    const error = new BeeproError('CHAIN_CLOCK_DISAGREES', { epochs: Math.abs(clockOff), direction });
    this.#options.log?.warn({ event: 'chain.clock', code: error.code, clockOff }, error.message);
  }
}

/** Epochs per ms by the schedule of the chain; devnets faster than it are close enough over the time of a look. */
function growthOf(nodes: readonly PoolNode[]): number {
  const schedule = nodes.find((node) => node.schedule)?.schedule;
  return schedule ? 1 / (schedule.blockDelay * 1_000) : 0;
}
