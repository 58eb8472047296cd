import { encodeSignedMessage, parseAddress, verifySignedMessage } from '#codec';
import type { ChainMessage } from '../chain/tipset.ts';
import { chargedBytes } from '../chain/vm.ts';
import { MINIMUM_BASE_FEE } from '../gas/base-fee.ts';
import { onChainMessageGas } from '../gas/message-gas.ts';
import { LotusError } from '../lotus-error.ts';
import { BLOCK_GAS_LIMIT } from '../policy.ts';

const MAX_MESSAGE_BYTES = 64 * 1024;
/** All FIL that will ever exist. Source: Lotus `TotalFilecoinInt`. */
const TOTAL_FILECOIN = 2_000_000_000n * 10n ** 18n;

/** Signatures that were found good: every node looks at every message. */
const verified = new WeakSet<ChainMessage['signed']>();

/** What a message must satisfy by itself. Source: Lotus `MessagePool.checkMessage`. @throws LotusError */
export function checkMessage({ cid, signed }: ChainMessage): void {
  const { message, signature } = signed;
  const size = encodeSignedMessage(signed).length;
  if (size > MAX_MESSAGE_BYTES) throw new LotusError(`mpool message too large (${size}B): message too big`);
  const problem = inclusionProblem(signed.message, 0);
  if (problem) throw new LotusError(`message not valid for block inclusion: ${problem}`);
  if (message.value >= TOTAL_FILECOIN) throw new LotusError('cannot send more filecoin than will ever exist');
  if (message.gasFeeCap < MINIMUM_BASE_FEE) throw new LotusError('gas fee cap too low');
  if (signature.type === 'bls' && signature.data.length !== 96)
    throw new LotusError('signature verification failed: bls signature incorrectly sized');
  if (verified.has(signed) || verifySignedMessage(signed)) return void verified.add(signed);
  const { protocol } = parseAddress(message.from);
  const matches = (protocol === 3) === (signature.type === 'bls');
  const why = !matches
    ? `signature type mismatch`
    : signature.type === 'bls'
      ? 'bls signature failed to verify'
      : 'signature did not match';
  throw new LotusError(
    `signature verification failed: failed to validate signature: invalid signature for message ${cid} (type ${signature.type === 'bls' ? 2 : 1}): ${why}`,
  );
}

/** As {@link checkMessage}, with the price of the message's own storage. @throws LotusError */
export function checkInclusion({ signed }: ChainMessage): void {
  const problem = inclusionProblem(signed.message, onChainMessageGas(chargedBytes(signed.message, signed)));
  if (problem) throw new LotusError(`verify msg failed: message will not be included in a block: ${problem}`);
}

/** Source: Lotus `Message.ValidForBlockInclusion`. */
function inclusionProblem(message: ChainMessage['signed']['message'], minGas: number): string | undefined {
  const { version, value, gasFeeCap, gasPremium, gasLimit } = message;
  if (version !== 0) return "'Version' unsupported";
  if (value < 0n) return "'Value' field cannot be negative";
  if (value > TOTAL_FILECOIN) return "'Value' field cannot be greater than total filecoin supply";
  if (gasFeeCap < 0n) return "'GasFeeCap' field cannot be negative";
  if (gasPremium < 0n) return "'GasPremium' field cannot be negative";
  if (gasPremium > gasFeeCap) return "'GasFeeCap' less than 'GasPremium'";
  if (gasLimit > BigInt(BLOCK_GAS_LIMIT))
    return `'GasLimit' field cannot be greater than a block's gas limit (${gasLimit} > ${BLOCK_GAS_LIMIT})`;
  if (gasLimit <= 0n) return `'GasLimit' field ${gasLimit} must be positive`;
  if (gasLimit < BigInt(minGas))
    return `'GasLimit' field cannot be less than the cost of storing a message on chain ${gasLimit} < ${minGas}`;
  return undefined;
}
