import { idAddress, METHOD_SEND, type Message, messageCid, toBase64 } from '#codec';
import type { CidString } from '#core';
import type { Runtime } from '../../actors/runtime.ts';
import type { Applied } from '../../chain/vm.ts';
import { codeOf, headOf } from './actors.ts';

const NANOSECONDS = 1e6;
const DAG_CBOR_CODEC = 81;

/**
 * What a call or replay did. `chargedTo` is the CID of the message that paid for it, null for a free call.
 * The trace names the outermost call only.
 */
export function shownInvocation(
  runtime: Runtime,
  message: Message,
  applied: Applied,
  chargedTo: CidString | null,
  elapsedMs: number,
) {
  const { outputs, receipt } = applied;
  const limitCost = chargedTo === null ? 0n : message.gasFeeCap * message.gasLimit;
  return {
    msgCid: chargedTo ?? messageCid(message),
    msg: message,
    msgRct: receipt,
    gasCost: {
      message: chargedTo,
      gasUsed: chargedTo === null ? 0n : BigInt(receipt.gasUsed),
      baseFeeBurn: outputs.baseFeeBurn,
      overEstimationBurn: outputs.overEstimationBurn,
      minerPenalty: outputs.minerPenalty,
      minerTip: outputs.minerTip,
      refund: outputs.refund,
      totalCost: limitCost - outputs.refund,
    },
    error: applied.error,
    duration: Math.round(elapsedMs * NANOSECONDS),
    executionTrace: trace(runtime, message, applied),
  };
}

function trace(runtime: Runtime, message: Message, { receipt, receiver, storageGas }: Applied): unknown {
  const base64 = (bytes: Uint8Array) => (bytes.length === 0 ? null : toBase64(bytes));
  const sender = runtime.resolve(message.from);
  const actor = receiver === null ? undefined : runtime.state.actors.get(receiver);
  return {
    Msg: {
      From: sender === undefined ? message.from : idAddress(sender, 't'),
      To: message.to,
      Value: message.value.toString(),
      Method: message.method,
      Params: base64(message.params),
      ParamsCodec: message.params.length === 0 ? 0 : DAG_CBOR_CODEC,
      GasLimit: message.gasLimit,
      ReadOnly: false,
    },
    MsgRct: {
      ExitCode: receipt.exitCode,
      Return: base64(receipt.return),
      ReturnCodec: receipt.return.length === 0 ? 0 : DAG_CBOR_CODEC,
    },
    InvokedActor: actor
      ? {
          Id: actor.id,
          State: {
            Code: { '/': codeOf(actor) },
            Head: { '/': headOf(actor) },
            Nonce: actor.nonce,
            Balance: actor.balance.toString(),
            DelegatedAddress: null,
          },
        }
      : null,
    GasCharges: [
      { Name: 'OnChainMessage', tg: storageGas, cg: 0, sg: storageGas, tt: 0 },
      {
        Name: 'OnMethodInvocation',
        tg: receipt.gasUsed - storageGas,
        cg: receipt.gasUsed - storageGas,
        sg: 0,
        tt: 0,
      },
    ],
    Subcalls: null,
    ...(receipt.exitCode === 0 && message.method !== METHOD_SEND ? { IpldOps: [] } : {}),
  };
}
