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
import { comingDeadlines, planProofs } from '#post';
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
  unreadable: BitField = BitField.empty,
): Promise<SubmitWindowedPoStParams> {
  const answer = await lotus.stateMinerProvingDeadline(MINER, []);
  const head = answer.currentEpoch;
  const [deadline] = comingDeadlines(answer, head, 1);
  if (!deadline) throw new Error('no deadline comes');
  const { index, challenge } = deadline;
  const partitions = await lotus.stateMinerPartitions(MINER, index, []);
  const postSubmissions = (await lotus.stateMinerDeadlines(MINER, []))[index]?.postSubmissions;
  const state = { postSubmissions: postSubmissions ?? BitField.empty, partitions };
  const { stage, proofs } = planProofs(deadline, state, head, unreadable, 0);
  const [plan] = proofs;
  if (!plan || stage !== 'open') throw new Error(`nothing to prove in deadline ${index}, which is ${stage}`);
  const { sectors: wanted, skipped } = plan;
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
