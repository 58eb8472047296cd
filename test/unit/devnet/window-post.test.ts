import { describe, expect, it } from 'vitest';
import { decodeParamsOf, MINER_METHODS, type SubmitWindowedPoStParams } from '#codec';
import { dispatch } from '../../../src/devnet/actors/dispatch.ts';
import { DEFAULT_ECONOMY } from '../../../src/devnet/actors/economy.ts';
import { disputeWindowedPoSt } from '../../../src/devnet/actors/miner/dispute.ts';
import { submitWindowedPoSt } from '../../../src/devnet/actors/miner/window-post.ts';
import {
  continuedFaultFee,
  DISPUTE_REWARD,
  invalidPostPenalty,
} from '../../../src/devnet/actors/penalties.ts';
import { Runtime } from '../../../src/devnet/actors/runtime.ts';
import { DEFAULT_POLICY } from '../../../src/devnet/policy.ts';
import { bits, call, MINER_ID, ProvingChain } from './proving-chain.ts';
import { recording } from './recording.ts';

const FIL = 10n ** 18n;
const wrongProof = { proofs: [{ postProof: 10, proofBytes: new Uint8Array(192).fill(7) }] };

/** A chain at deadline 0, whose partitions are of sectors 0, 1 and 12, 13. */
function opened(): ProvingChain {
  const chain = new ProvingChain();
  chain.toDeadline(0);
  return chain;
}

describe('SubmitWindowedPoSt', () => {
  it('of one partition is accepted, and kept to be disputed', async () => {
    const chain = opened();
    expect(await chain.post()).toBe('accepted');
    const deadline = chain.miner.deadlines[0];
    expect(deadline?.partitionsPoSted.toJson()).toEqual([0, 1]);
    expect(deadline?.posts).toHaveLength(1);
    expect(deadline?.disputable.posts.size).toBe(0);
    chain.to(chain.current.close);
    const ended = chain.miner.deadlines[0];
    expect(ended?.partitionsPoSted.toJson()).toEqual([0]);
    expect(ended?.disputable.posts.size).toBe(1);
  });

  it('is not looked at unless it recovers power', async () => {
    const chain = opened();
    expect(await chain.post([{ index: 0 }], wrongProof)).toBe('accepted');
  });

  const other = new ProvingChain();
  other.toDeadline(0);
  const { epoch, current } = other;
  it.each<
    readonly [
      string,
      readonly { index: number; skipped?: ReturnType<typeof bits> }[],
      Partial<SubmitWindowedPoStParams>,
      string,
    ]
  >([
    ['no proof', [{ index: 0 }], { proofs: [] }, '16: expected exactly one proof, got 0'],
    [
      'two proofs',
      [{ index: 0 }],
      { proofs: [...wrongProof.proofs, ...wrongProof.proofs] },
      '16: expected exactly one proof, got 2',
    ],
    [
      'a grindable kind of proof',
      [{ index: 0 }],
      { proofs: [{ postProof: 5, proofBytes: new Uint8Array() }] },
      '16: proof type StackedDRGWindow2KiBV1 not allowed',
    ],
    [
      'another sector size',
      [{ index: 0 }],
      { proofs: [{ postProof: 11, proofBytes: new Uint8Array() }] },
      '16: expected proof of type StackedDRGWindow2KiBV1P1, got StackedDRGWindow8MiBV1P1',
    ],
    ['no such deadline', [{ index: 0 }], { deadline: 6 }, '16: invalid deadline 6 of 6'],
    [
      'another deadline',
      [{ index: 0 }],
      { deadline: 1 },
      `16: invalid deadline 1 at epoch ${epoch}, expected 0`,
    ],
    [
      'too much randomness',
      [{ index: 0 }],
      { chainCommitRand: new Uint8Array(33) },
      '16: expected at most 32 bytes of randomness, got 33',
    ],
    [
      'too long a proof',
      [{ index: 0 }],
      { proofs: [{ postProof: 10, proofBytes: new Uint8Array(193) }] },
      '16: expected proof to be smaller than 192 bytes',
    ],
    [
      'too many partitions',
      [0, 1, 2, 3].map((index) => ({ index })),
      {},
      '16: too many partitions 4, limit 3',
    ],
    [
      'a commitment before the challenge',
      [{ index: 0 }],
      { chainCommitEpoch: current.challenge - 1 },
      `16: expected chain commit epoch ${current.challenge - 1} to be after ${current.challenge}`,
    ],
    [
      'a commitment of now',
      [{ index: 0 }],
      { chainCommitEpoch: epoch },
      `16: chain commit epoch ${epoch} must be less than the current epoch ${epoch}`,
    ],
    [
      'randomness of another fork',
      [{ index: 0 }],
      { chainCommitRand: new Uint8Array(32) },
      '16: post commit randomness mismatched',
    ],
    [
      'a partition twice',
      [{ index: 0 }, { index: 0 }],
      {},
      '16: failed to process post submission for deadline 0: duplicate partitions proven',
    ],
    [
      'no such partition',
      [{ index: 2 }],
      {},
      '17: failed to process post submission for deadline 0: no such partition 2',
    ],
    [
      'skipped sectors of another partition',
      [{ index: 0, skipped: bits(2) }],
      {},
      '16: failed to process post submission for deadline 0: failed to add skipped faults to partition 0: skipped faults contains sectors outside partition',
    ],
    [
      'all sectors skipped',
      [{ index: 0, skipped: bits(0, 1) }],
      {},
      '16: cannot prove partitions with no active sectors',
    ],
  ])('is refused with %s', async (_what, partitions, change, words) => {
    expect(await opened().post(partitions, change)).toBe(words);
  });

  it('is refused for a partition that was proven already', async () => {
    const chain = opened();
    await chain.post();
    expect(await chain.post([{ index: 0 }, { index: 1 }])).toBe(
      '16: failed to process post submission for deadline 0: partition already proven: {0}',
    );
  });

  it('is refused to others than owner, worker and control addresses', async () => {
    const chain = opened();
    const send = chain.run((runtime) => submitWindowedPoSt(runtime, call({ caller: 101 }), chain.params()));
    expect(await send).toBe('18: caller f0101 is not one of supported');
  });

  it('makes skipped sectors faulty at once', async () => {
    const chain = opened();
    expect(await chain.post([{ index: 0, skipped: bits(1) }, { index: 1 }])).toBe('accepted');
    expect(chain.partition(0).faults.toJson()).toEqual([1, 1]);
    expect(chain.miner.power.rawBytePower).toBe(13n * 2048n);
  });

  it('recorded from Lotus executes here', async () => {
    const message = recording('147-ChainGetMessage-SubmitWindowedPoSt').response.result as {
      Params: string;
      Method: number;
    };
    const params = new Uint8Array(Buffer.from(message.Params, 'base64'));
    const { chainCommitRand } = decodeParamsOf(MINER_METHODS.SubmitWindowedPoSt, params, 't');
    const { Height: height } = recording('149-StateSearchMsg-SubmitWindowedPoSt').response.result as {
      Height: number;
    };
    const chain = new ProvingChain({ policy: DEFAULT_POLICY, sectors: 6 });
    chain.setMiner({ provingPeriodStart: 658 });
    const randomness = () => chainCommitRand;
    const runtime = new Runtime(chain.runtime.state, { ...chain.runtime.env, epoch: height, randomness });
    const returned = await dispatch('storageminer', runtime, call({ method: message.Method, params }));
    expect(returned).toHaveLength(0);
    const [, , deadline] = runtime.actor(MINER_ID).miner?.deadlines ?? [];
    const shown = recording('153-StateMinerDeadlines-afterpost').response.result as {
      PostSubmissions: number[];
      DisputableProofCount: number;
    }[];
    expect(deadline?.partitionsPoSted.toJson()).toEqual(shown[2]?.PostSubmissions);
    expect(deadline?.disputable.posts.size).toBe(shown[2]?.DisputableProofCount);
  });
});

describe('a new sector', () => {
  const fresh = (): ProvingChain => {
    const chain = new ProvingChain({ unproven: [1, 13] });
    chain.toDeadline(0);
    return chain;
  };
  const power = (chain: ProvingChain) => chain.miner.power.rawBytePower / 2048n;

  it('has power from its first proof on, which nobody looks at', async () => {
    const chain = fresh();
    expect(power(chain)).toBe(12n);
    expect(await chain.post([{ index: 0 }], wrongProof)).toBe('accepted');
    expect(power(chain)).toBe(13n);
    expect(chain.partition(0).unproven.size).toBe(0);
  });

  it('that is skipped, or not proven, is faulty, and no power is lost with it', async () => {
    const chain = fresh();
    expect(await chain.post([{ index: 0, skipped: bits(1) }])).toBe('accepted');
    expect(chain.partition(0)).toMatchObject({ faults: bits(1), unproven: bits() });
    expect(power(chain)).toBe(12n);
    chain.to(chain.current.close);
    expect(chain.partition(0, 1)).toMatchObject({ faults: bits(12, 13), unproven: bits() });
    expect(power(chain)).toBe(11n);
  });
});

describe('the end of a deadline', () => {
  it('makes faulty what was not proven, and charges for it from the next time on', async () => {
    const chain = opened();
    await chain.post([{ index: 1 }]);
    const before = chain.runtime.actor(MINER_ID).balance;
    chain.to(chain.current.close);
    expect(chain.partition(0).faults.toJson()).toEqual([0, 2]);
    expect(chain.partition(0, 1).faults.size).toBe(0);
    expect(chain.runtime.actor(MINER_ID).balance).toBe(before);

    chain.toDeadline(0);
    for (const index of [1, 2, 3, 4, 5]) expect(chain.partition(index).faults.size).toBe(2);
    await chain.post([{ index: 1 }]);
    const power = chain.miner.power.qualityAdjPower;
    expect(power).toBe(2n * 2048n);
    chain.to(chain.current.close);
    const fee = continuedFaultFee(DEFAULT_ECONOMY, 2n * 2048n, power);
    expect(before - chain.runtime.actor(MINER_ID).balance).toBe(fee);
    expect(fee).toBeGreaterThan(0n);
  });

  it('owes what the balance does not cover', () => {
    const chain = opened();
    chain.to(chain.current.close);
    chain.runtime.update(MINER_ID, { balance: chain.miner.initialPledge + 5n });
    chain.toDeadline(0);
    chain.to(chain.current.close);
    expect(chain.runtime.actor(MINER_ID).balance).toBe(chain.miner.initialPledge);
    expect(chain.miner.feeDebt).toBeGreaterThan(0n);
  });

  it('ends sectors whose time has come, and gives their pledge back', async () => {
    const chain = new ProvingChain({ expirations: { 0: 70 } });
    const power = 14n * 2048n;
    chain.toDeadline(0);
    for (; chain.epoch < 200; chain.toDeadline((chain.current.index + 1) % 6)) {
      await chain.post(chain.miner.deadlines[chain.current.index]?.partitions.map((_, index) => ({ index })));
      if (chain.partition(0).terminated.size > 0) break;
    }
    expect(chain.partition(0)).toMatchObject({ terminated: bits(0), faults: bits(), sectors: bits(0, 1) });
    expect(chain.miner.power.rawBytePower).toBe(power - 2048n);
    expect(chain.miner.initialPledge).toBe(13n);
    expect(chain.miner.deadlines[0]?.liveSectors).toBe(3);
  });

  it('terminates what was faulty for too long, with a fee', () => {
    const chain = new ProvingChain();
    const balance = chain.runtime.actor(MINER_ID).balance;
    chain.to(60 * 44);
    expect(chain.miner.power.rawBytePower).toBe(0n);
    expect(chain.partition(0)).toMatchObject({ terminated: bits(0, 1), faults: bits() });
    expect(chain.miner.initialPledge).toBe(0n);
    expect(chain.miner.deadlineCronActive).toBe(false);
    expect(chain.runtime.actor(MINER_ID).balance).toBeLessThan(balance);
    expect(chain.miner.deadlines.every(({ liveSectors }) => liveSectors === 0)).toBe(true);
  });
});

describe('DisputeWindowedPoSt', () => {
  const dispute = (chain: ProvingChain, deadline = 0, postIndex = 0) =>
    chain.run((runtime) => disputeWindowedPoSt(runtime, call({ caller: 101 }), { deadline, postIndex }));
  const WINDOW =
    '18: can only dispute window posts during the dispute window (37 epochs after the challenge window closes)';

  it('of a bad proof costs the miner, rewards the reporter and makes the sectors faulty', async () => {
    const chain = opened();
    await chain.post([{ index: 0 }], wrongProof);
    expect(await dispute(chain)).toBe(WINDOW);
    chain.to(chain.current.close);
    const power = chain.miner.power.qualityAdjPower;
    const [miner, reporter] = [MINER_ID, 101].map((id) => chain.runtime.actor(id).balance);
    expect(await dispute(chain)).toBe('accepted');
    const penalty = invalidPostPenalty(DEFAULT_ECONOMY, 2n * 2048n, power);
    expect(penalty).toBeGreaterThan(20n * FIL);
    expect((miner ?? 0n) - chain.runtime.actor(MINER_ID).balance).toBe(penalty + DISPUTE_REWARD);
    expect(chain.runtime.actor(101).balance - (reporter ?? 0n)).toBe(4n * FIL);
    expect(chain.partition(0).faults.toJson()).toEqual([0, 2]);
    expect(chain.miner.power.qualityAdjPower).toBe(power - 2n * 2048n);
    expect(await dispute(chain)).toBe('16: failed to load proof for dispute: proof 0 not found');
  });

  it('of a good proof is refused, a skipped sector being replaced by a good one', async () => {
    const chain = opened();
    await chain.post([{ index: 0, skipped: bits(0) }, { index: 1 }]);
    chain.to(chain.current.close);
    expect(await dispute(chain)).toBe('16: failed to dispute valid post');
    expect(chain.miner.deadlines[0]?.disputable.posts.size).toBe(1);
  });

  it('is bound to its window', async () => {
    const chain = opened();
    await chain.post([{ index: 0 }], wrongProof);
    const { close } = chain.current;
    chain.to(close + 36);
    expect(
      await chain.run(async (runtime) => disputeWindowedPoSt(runtime, call(), { deadline: 6, postIndex: 0 })),
    ).toBe('16: invalid deadline 6 of 6');
    chain.to(close + 37);
    expect(await dispute(chain)).toBe(WINDOW);
  });
});
