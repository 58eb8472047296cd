import { describe, expect, test } from 'vitest';
import { MINER_METHODS, toHex } from '#codec';
import type { DevnetOptions, SealProofInput } from '#devnet';
import { standInProof } from '#sealer';
import { preCommitInfo, proofInput, proofOf, proveCommitParams } from './sealing.ts';
import { startTestDevnet, type TestDevnet } from './test-devnet.ts';

const { PreCommitSectorBatch2, ProveCommitSectors3 } = MINER_METHODS;

const REPLAY = { acceptReplayProofs: true, networkName: 'beepro-devnet-replay' } as const;
/** As a stand-in would answer, were it asked: a verifier that takes everything. */
const credulous: Pick<DevnetOptions, 'verifier'> = {
  verifier: {
    verifySeal: async () => true,
    verifyAggregate: async () => true,
    verifyWindowPoSt: async () => true,
    close: async () => {},
  },
};

function marked(input: Omit<SealProofInput, 'proof'>): Uint8Array {
  const { miner, number, sealProof, commR, commD, ticket, seed } = input;
  return standInProof({
    ...{ miner, number, proofType: sealProof },
    ...{ commR: toHex(commR), commD: toHex(commD), ticket: toHex(ticket), seed: toHex(seed) },
  });
}

async function preCommit(own: TestDevnet, number: number): Promise<void> {
  await own.devnet.control.mine(3);
  const { receipt } = await own.execute(PreCommitSectorBatch2, {
    sectors: [await preCommitInfo(own, number)],
  });
  expect(receipt.exitCode).toBe(0);
  await own.devnet.control.mine(11);
}

describe('a chain in replay mode', () => {
  test('says so in its name, and takes the mark of this very sector for its proof', async () => {
    await using own = await startTestDevnet(REPLAY);
    expect(await own.lotus.stateNetworkName()).toBe('beepro-devnet-replay');
    await preCommit(own, 1);
    const proof = marked(await proofInput(own, 1));
    const { receipt } = await own.execute(ProveCommitSectors3, proveCommitParams([{ number: 1, proof }]));
    expect(receipt.exitCode).toBe(0);
  });

  test('takes proofs as ever', async () => {
    await using own = await startTestDevnet(REPLAY);
    await preCommit(own, 1);
    const proof = await proofOf(own, 1);
    const { receipt } = await own.execute(ProveCommitSectors3, proveCommitParams([{ number: 1, proof }]));
    expect(receipt.exitCode).toBe(0);
  });

  test.each<[string, (input: Omit<SealProofInput, 'proof'>) => Uint8Array]>([
    ['of another sector', (input) => marked({ ...input, number: input.number + 1 })],
    ['of another seed', (input) => marked({ ...input, seed: input.ticket })],
    ['of another replica', (input) => marked({ ...input, commR: input.commD })],
    ['that is no whole one', (input) => marked(input).subarray(0, 100)],
  ])('refuses a mark %s', async (_what, forge) => {
    await using own = await startTestDevnet({ ...REPLAY, ...credulous });
    await preCommit(own, 1);
    const proof = forge(await proofInput(own, 1));
    expect(await own.refusal(ProveCommitSectors3, proveCommitParams([{ number: 1, proof }]))).toContain(
      'no valid proofs specified',
    );
  });
});

test('every other chain refuses marks, whatever its verifier would say', async () => {
  await using own = await startTestDevnet(credulous);
  await preCommit(own, 1);
  const proof = marked(await proofInput(own, 1));
  expect(await own.refusal(ProveCommitSectors3, proveCommitParams([{ number: 1, proof }]))).toContain(
    'no valid proofs specified',
  );
});

test.each<[string, Partial<DevnetOptions>]>([
  ['the mode without the name', { acceptReplayProofs: true, networkName: 'beepro-devnet-test' }],
  ['the name without the mode', { networkName: 'beepro-devnet-replay' }],
  ['a name that only looks like it', { acceptReplayProofs: true, networkName: 'beepro-devnet-replays' }],
])('%s is refused', async (_what, options) => {
  await expect(startTestDevnet(options)).rejects.toMatchObject({ code: 'DEVNET_REPLAY_UNNAMED' });
});
