import { type ChainApi, createLotusClient } from '#chain';
import { type ActorMethod, encodeParams, type Message, signedMessageCid } from '#codec';
import type { AddressString, CidString } from '#core';
import { type Devnet, type DevnetOptions, startDevnet } from '#devnet';
import { createTestFolder } from '#testing';
import { DigestVerifier } from './digest-verifier.ts';

/** A paused devnet with the project's own client to it. */
export interface TestDevnet extends AsyncDisposable {
  readonly devnet: Devnet;
  readonly lotus: ChainApi;
  readonly folder: string;
  readonly worker: AddressString;
  /** One call as it goes over the wire. */
  rpc(method: string, params: readonly unknown[], token?: string | null): Promise<WireAnswer>;
  /** Sends a method's message: estimated, signed by the node's wallet, pushed. Returns its CID. */
  send<P, R>(method: ActorMethod<P, R>, params: P, extra?: Partial<Message>): Promise<CidString>;
  /** As {@link send}, then mines until the message was executed. */
  execute<P, R>(
    method: ActorMethod<P, R>,
    params: P,
    extra?: Partial<Message>,
  ): Promise<Awaited<ReturnType<ChainApi['stateWaitMsg']>>>;
  /** What the estimate of the message says against it. */
  refusal<P, R>(method: ActorMethod<P, R>, params: P, extra?: Partial<Message>): Promise<string>;
}

export interface WireAnswer {
  readonly status: number;
  readonly body: { result?: unknown; error?: { code: number; message: string; data?: unknown } } | undefined;
}

export const MINER: AddressString = 't01000';

export async function startTestDevnet(options: Partial<DevnetOptions> = {}): Promise<TestDevnet> {
  const folder = options.stateDir ? undefined : await createTestFolder();
  const stateDir = options.stateDir ?? folder?.path ?? '';
  const devnet = await startDevnet({
    paused: true,
    seed: 'test',
    networkName: 'beepro-devnet-test',
    blockTimeMs: 1_000,
    genesisTimestamp: 1_700_000_000,
    ...(options.sealer ? {} : { verifier: new DigestVerifier() }),
    ...options,
    stateDir,
  });
  const lotus = createLotusClient({ url: devnet.url, token: async () => devnet.token });
  const worker = devnet.accounts.worker ?? '';
  const message = <P, R>(method: ActorMethod<P, R>, params: P, extra: Partial<Message>): Message => ({
    version: 0,
    to: MINER,
    from: worker,
    nonce: 0,
    value: 0n,
    gasLimit: 0n,
    gasFeeCap: 0n,
    gasPremium: 0n,
    method: method.number,
    params: encodeParams(method, params),
    ...extra,
  });
  const test: TestDevnet = {
    devnet,
    lotus,
    folder: stateDir,
    worker,
    async rpc(method, params, token = devnet.token) {
      const response = await fetch(devnet.url, {
        method: 'POST',
        headers: token === null ? {} : { authorization: `Bearer ${token}` },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
      });
      const text = await response.text();
      return {
        status: response.status,
        body: text === '' ? undefined : (JSON.parse(text) as WireAnswer['body']),
      };
    },
    async send(method, params, extra = {}) {
      const signed = await lotus.mpoolPushMessage(message(method, params, extra), null);
      return signedMessageCid(signed);
    },
    async execute(method, params, extra = {}) {
      const cid = await test.send(method, params, extra);
      await devnet.control.mine(2);
      return lotus.stateWaitMsg(cid, 0, -1, true);
    },
    async refusal(method, params, extra = {}) {
      const { body } = await test.rpc('Filecoin.GasEstimateMessageGas', [
        wire(message(method, params, extra)),
        null,
        [],
      ]);
      return body?.error ? `${body.error.code}: ${body.error.message}` : 'accepted';
    },
    async [Symbol.asyncDispose]() {
      await lotus.close();
      await devnet.stop();
      await folder?.remove();
    },
  };
  return test;
}

/** A message as JSON. */
export function wire(message: Message): Record<string, unknown> {
  return {
    Version: message.version,
    To: message.to,
    From: message.from,
    Nonce: message.nonce,
    Value: message.value.toString(),
    GasLimit: Number(message.gasLimit),
    GasFeeCap: message.gasFeeCap.toString(),
    GasPremium: message.gasPremium.toString(),
    Method: message.method,
    Params: message.params.length === 0 ? null : Buffer.from(message.params).toString('base64'),
  };
}
