import {
  actorIdOf,
  BitField,
  fromHex,
  minerEntropy,
  RANDOMNESS,
  type SubmitWindowedPoStParams,
  toHex,
} from '#codec';
import type { PreSealedFiles } from '#devnet';
import type { ResidentSealer } from '#sealer';
import { MINER, type TestDevnet } from '../../integration/devnet/test-devnet.ts';

/** Mines until the deadline is open with an epoch to spare; the next time, when it was proven already. */
export async function mineToDeadline({ devnet, lotus }: TestDevnet, index: number): Promise<void> {
  for (;;) {
    const at = await lotus.stateMinerProvingDeadline(MINER, []);
    const proven = (await lotus.stateMinerDeadlines(MINER, []))[index]?.postSubmissions.size ?? 0;
    if (at.index === index && at.currentEpoch > at.open && proven === 0) return;
    await devnet.control.mine();
  }
}

/** Mines until the open deadline is over. */
export async function mineToClose({ devnet, lotus }: TestDevnet): Promise<void> {
  const { close, currentEpoch } = await lotus.stateMinerProvingDeadline(MINER, []);
  await devnet.control.mine(close - currentEpoch + 1);
}

/** The message of the open deadline's first partition, proven by the real sealer without `skipped`. */
export async function provePartition(
  { lotus }: TestDevnet,
  sealer: ResidentSealer,
  files: readonly PreSealedFiles[],
  skipped: BitField = BitField.empty,
): Promise<SubmitWindowedPoStParams> {
  const { index, challenge } = await lotus.stateMinerProvingDeadline(MINER, []);
  const [partition] = await lotus.stateMinerPartitions(MINER, index, []);
  if (!partition) throw new Error(`deadline ${index} has no partition`);
  const { liveSectors, faultySectors, recoveringSectors } = partition;
  const wanted = liveSectors.subtract(faultySectors.subtract(recoveringSectors)).subtract(skipped);
  const miner = actorIdOf(MINER);
  const randomness = await lotus.stateGetRandomnessFromBeacon(
    RANDOMNESS.windowPoSt,
    challenge,
    minerEntropy(miner),
    [],
  );
  const sectors = files
    .filter(({ number }) => wanted.has(number))
    .map(({ number, commR, dir }) => ({
      number,
      comm_r: commR,
      cache: `${dir}/cache`,
      sealed: `${dir}/sealed`,
    }));
  const { result } = await sealer.request(
    'window-post',
    { miner, post_proof: 10, randomness: toHex(randomness), sectors },
    { id: `window-post-${index}-${challenge}-${[...wanted].join('-')}` },
  );
  return {
    deadline: index,
    partitions: [{ index: 0, skipped }],
    proofs: [{ postProof: 10, proofBytes: fromHex(result.proof) ?? new Uint8Array() }],
    chainCommitEpoch: challenge,
    chainCommitRand: await lotus.stateGetRandomnessFromTickets(
      RANDOMNESS.poStChainCommit,
      challenge,
      new Uint8Array(),
      [],
    ),
  };
}
