import type { WebSocket } from 'ws';
import { z } from 'zod';
import { headChange, parseJsonText, writeJsonText } from '#chain';
import type { HeadChange } from '../chain/head-changes.ts';
import { bentHead } from '../faults/lies.ts';
import type { NodeChain } from '../node/node-chain.ts';
import type { Permission } from './auth.ts';
import { type Dispatcher, isControl, type RpcRequest, rpcRequest } from './dispatcher.ts';
import { shownTipSet } from './methods/chain.ts';

const headChanges = z.array(headChange);

/**
 * One WebSocket connection: ordinary calls, and `ChainNotify`, whose answer is a channel's number. Values come as
 * `xrpc.ch.val [channel, value]`; `xrpc.cancel [request id]` ends it, answered by `xrpc.ch.close [channel]`.
 * Source: go-jsonrpc, as recorded.
 */
export class WebSocketSession {
  readonly #socket: WebSocket;
  readonly #dispatcher: Dispatcher;
  readonly #chain: NodeChain;
  readonly #allowed: readonly Permission[];
  readonly #abort = new AbortController();
  /** By the id of the request that opened it. */
  readonly #channels = new Map<unknown, { readonly channel: number; readonly end: () => void }>();
  readonly #calls = new Map<unknown, AbortController>();
  #lastChannel = 0;

  constructor(socket: WebSocket, dispatcher: Dispatcher, chain: NodeChain, allowed: readonly Permission[]) {
    this.#socket = socket;
    this.#dispatcher = dispatcher;
    this.#chain = chain;
    this.#allowed = allowed;
    socket.on('message', (data) => void this.#receive(String(data)));
    socket.on('close', () => this.#end());
    socket.on('ping', (data) => {
      if (!this.#faults.stall) socket.pong(data);
    });
    socket.on('error', () => socket.terminate());
  }

  get #faults() {
    return this.#dispatcher.gate.faults;
  }

  #send(message: unknown): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(writeJsonText(message));
  }

  async #receive(text: string): Promise<void> {
    const parsed = rpcRequest.safeParse(parseOrNull(text));
    if (!parsed.success) return this.#socket.close(1007, 'not a JSON-RPC request');
    const request = parsed.data;
    if (request.method === 'xrpc.cancel') return this.#cancel((request.params as unknown[] | undefined)?.[0]);
    const call = new AbortController();
    this.#calls.set(request.id, call);
    const signal = AbortSignal.any([this.#abort.signal, call.signal]);
    if (isControl(request)) this.#send(await this.#dispatcher.answer(request, this.#allowed, signal));
    else await this.#answer(request, signal);
    this.#calls.delete(request.id);
  }

  /** As far as the node's faults let it. */
  async #answer(request: RpcRequest, signal: AbortSignal): Promise<void> {
    const { gate } = this.#dispatcher;
    const admission = await gate.enter(signal);
    if (admission === 'stalled') return;
    if (admission === 'failed') return this.#socket.terminate();
    if (admission === 'limited') {
      const error = { code: 429, message: 'too many requests' };
      return this.#send({ jsonrpc: '2.0', id: request.id, error });
    }
    if (request.method === 'Filecoin.ChainNotify') return this.#subscribe(request.id);
    const answer = await this.#dispatcher.answer(request, this.#allowed, signal);
    if (!gate.cuts(request.method)) this.#send(answer);
    else if (!this.#faults.stall) this.#socket.terminate();
  }

  #subscribe(id: unknown): void {
    const channel = ++this.#lastChannel;
    this.#send({ id, jsonrpc: '2.0', result: channel });
    const { seed } = this.#chain.options.randomness;
    const tell = (changes: readonly HeadChange[]): void => {
      if (this.#faults.stall) return;
      const shown = changes.map(({ type, tipSet }) => ({
        type,
        val: bentHead(this.#faults.lie, seed, shownTipSet(tipSet)),
      }));
      const value = z.encode(headChanges, shown);
      this.#send({ jsonrpc: '2.0', method: 'xrpc.ch.val', params: [channel, value] });
    };
    tell([{ type: 'current', tipSet: this.#chain.head }]);
    this.#channels.set(id, { channel, end: this.#chain.heads.subscribe(tell) });
  }

  #cancel(id: unknown): void {
    this.#calls.get(id)?.abort();
    const open = this.#channels.get(id);
    if (!open) return;
    open.end();
    this.#channels.delete(id);
    this.#send({ jsonrpc: '2.0', method: 'xrpc.ch.close', params: [open.channel] });
  }

  #end(): void {
    this.#abort.abort();
    for (const { end } of this.#channels.values()) end();
    this.#channels.clear();
  }
}

function parseOrNull(text: string): unknown {
  try {
    return parseJsonText(text);
  } catch {
    // Answered like any other text that is no request.
    return null;
  }
}
