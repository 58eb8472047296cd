import { provingPeriod } from '../../policy.ts';
import { type Deadline, totalPower } from '../../state/index.ts';
import { forbidden, illegalArgument, within } from '../actor-error.ts';
import { lesser } from '../amounts.ts';
import { DISPUTE_REWARD, invalidPostPenalty } from '../penalties.ts';
import type { Invocation, Runtime } from '../runtime.ts';
import { currentDeadline, deadlineInfo, isDisputable } from './deadlines.ts';
import { recordFaults } from './faults.ts';
import { checkBalanceInvariants, minerOf, penalised } from './funds.ts';
import { deadlineOf, faultExpiration, notFound, termsOf, withDeadline } from './miner-deadlines.ts';
import { activeSectors, unionOf } from './partitions.ts';
import { verifyWindowPoSt } from './post-proof.ts';
import { plus, powerOf } from './power.ts';

/**
 * Whoever finds that a proof taken unseen is bad is rewarded; the miner pays, and what it claimed to prove is faulty.
 * Source: builtin-actors `dispute_windowed_post`.
 */
export async function disputeWindowedPoSt(
  runtime: Runtime,
  call: Invocation,
  params: { readonly deadline: number; readonly postIndex: number },
): Promise<undefined> {
  const { policy, epoch, economy } = runtime.env;
  if (params.deadline >= policy.wPoStPeriodDeadlines)
    throw illegalArgument(`invalid deadline ${params.deadline} of ${policy.wPoStPeriodDeadlines}`);
  const miner = minerOf(runtime, call.receiver);
  const now = currentDeadline(policy, miner.provingPeriodStart, epoch);
  if (!isDisputable(policy, now.periodStart, params.deadline, epoch))
    throw forbidden(
      `can only dispute window posts during the dispute window (${policy.wPoStDisputeWindow} epochs after the challenge window closes)`,
    );
  const start = now.periodStart - (now.index < params.deadline ? provingPeriod(policy) : 0);
  const target = deadlineInfo(policy, start, params.deadline, epoch);
  const deadline = deadlineOf(miner, params.deadline);
  const disputed = takePost(deadline, params.postIndex);
  runtime.batch = { sectors: disputed.numbers.size, proofs: disputed.numbers.size };

  const { sectors } = deadline.disputable;
  const what = { sectors, numbers: disputed.numbers, ignored: disputed.ignored, proof: disputed.proof };
  if (await verifyWindowPoSt(runtime, call.receiver, miner, target.challenge, what))
    throw illegalArgument('failed to dispute valid post');

  const terms = termsOf(policy, miner, params.deadline, sectors);
  const faulty = within('failed to declare faults', () =>
    recordFaults(
      disputed.deadline,
      { deadline: params.deadline, partitions: disputed.active },
      faultExpiration(policy, target),
      terms,
    ),
  );
  const claimed = powerOf(terms.size, sectors, unionOf(disputed.active.map((each) => each.sectors)));
  const base = invalidPostPenalty(
    economy,
    claimed.qualityAdjPower,
    totalPower(runtime.state).qualityAdjPower,
  );
  const changed = {
    ...withDeadline(miner, params.deadline, faulty.deadline),
    power: plus(miner.power, faulty.power),
  };
  const { balance } = runtime.actor(call.receiver);
  const { miner: charged, paid } = penalised(changed, balance, base + DISPUTE_REWARD);
  runtime.update(call.receiver, { miner: charged });
  const reward = lesser(paid, DISPUTE_REWARD);
  runtime.transfer(call.receiver, call.caller, reward);
  runtime.burn(call.receiver, paid - reward);
  checkBalanceInvariants(minerOf(runtime, call.receiver), runtime.actor(call.receiver).balance);
  return undefined;
}

/** The proof and what it was about; the deadline no longer has it. Source: `take_post_proofs`. */
function takePost(deadline: Deadline, index: number) {
  const { disputable } = deadline;
  const post = disputable.posts.get(index);
  if (!post) throw illegalArgument(`failed to load proof for dispute: proof ${index} not found`);
  const covered = [...post.partitions].map((number) => {
    const partition = disputable.partitions[number];
    if (!partition)
      throw notFound(`failed to load partition for dispute: failed to find partition ${number}`);
    return { index: number, partition };
  });
  return {
    deadline: { ...deadline, disputable: { ...disputable, posts: disputable.posts.delete(index) } },
    proof: post.proof,
    numbers: unionOf(covered.map(({ partition }) => partition.sectors)),
    ignored: unionOf(
      covered.flatMap(({ partition: { faults, terminated, unproven } }) => [faults, terminated, unproven]),
    ),
    active: covered.map(({ index: number, partition }) => ({
      index: number,
      sectors: activeSectors(partition),
    })),
  };
}
