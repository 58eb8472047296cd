import { z } from 'zod';
import { BeeproError } from '#core';
import type { RemoteWalletApi } from '#wallet';
import { createNodeTransport, type NodeTransportOptions } from '../rpc/index.ts';
import { signature } from '../rpc/wire/message.ts';
import { address, bytes, list } from '../rpc/wire/primitives.ts';

/** A wallet answers at once what it holds; how long a signature may take is the operator's setting, in ms. */
const QUESTION_MS = 10_000;

const meta = z.object({ Type: z.string(), Extra: bytes });

/** Lotus' wallet API over HTTP. Source: Lotus `api/api_wallet.go`; `lotus-wallet run` serves it at `/rpc/v0`. */
export function createRemoteWalletApi(
  options: NodeTransportOptions & { readonly signTimeoutMs: () => number },
): RemoteWalletApi & { close(): Promise<void> } {
  const transport = createNodeTransport(options);
  const call = async <T>(
    method: string,
    params: readonly unknown[],
    result: z.ZodType<T>,
    timeoutMs: number,
  ): Promise<T> => {
    const answer = await transport.request(method, params, { timeoutMs });
    const parsed = z.safeDecode(result, answer as never);
    if (parsed.success) return parsed.data;
    const detail = parsed.error.issues[0]?.message ?? 'unexpected answer';
    throw new BeeproError('CHAIN_PROTOCOL', { node: transport.node, method, detail });
  };
  return {
    node: transport.node,
    walletHas: (owner) => call('WalletHas', [z.encode(address, owner)], z.boolean(), QUESTION_MS),
    walletList: () => call('WalletList', [], list(address), QUESTION_MS),
    walletSign: (owner, data, { type, extra }) =>
      call(
        'WalletSign',
        [z.encode(address, owner), z.encode(bytes, data), z.encode(meta, { Type: type, Extra: extra })],
        signature,
        options.signTimeoutMs(),
      ),
    close: () => transport.close(),
  };
}
