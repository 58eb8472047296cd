import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  fromHex,
  MINER_METHODS,
  minerEntropy,
  type PieceActivationManifest,
  RANDOMNESS,
  sealedCid,
  toHex,
  unsealedCid,
} from '#codec';
import { C2Memo, porepParametersIdentity, ResidentSealer } from '#sealer';
import { createTestFolder } from '#testing';
import { preCommitInfo, proveCommitParams } from '../integration/devnet/sealing.ts';
import { MINER, startTestDevnet } from '../integration/devnet/test-devnet.ts';
import { CC_SECTOR, DATA_PIECES, DATA_SECTOR, NETWORK } from './support/known-sectors.ts';

const { PreCommitSectorBatch2, ProveCommitSectors3 } = MINER_METHODS;
const bytes = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array();

/** C2 takes about 100 CPU-seconds; under constant randomness the memo may know the proof. */
async function proofOf(
  sealer: ResidentSealer,
  number: number,
  c1: { path: string; sha256: string },
): Promise<string> {
  const memo = C2Memo.fromEnvironment();
  const directory = process.env.FIL_PROOFS_PARAMETER_CACHE ?? '/var/tmp/filecoin-proof-parameters';
  const parameters = await porepParametersIdentity(directory);
  const known = await memo?.find(NETWORK.name, c1.sha256, parameters);
  if (known !== undefined) return known;
  const { result } = await sealer.request('commit-2', { miner: 1000, number, c1 }, { id: `c2-${number}` });
  await memo?.store(NETWORK.name, c1.sha256, parameters, result.proof);
  return result.proof;
}

test('real sectors, with and without pieces, are pre-committed, proven and verified by the sealer', async () => {
  await using folder = await createTestFolder();
  const bin = process.env.BEEPRO_SEALER_BIN ?? '';
  const sealer = new ResidentSealer({ bin }, join(folder.path, 'sealer'));
  await using own = await startTestDevnet({
    stateDir: join(folder.path, 'chain'),
    seed: NETWORK.seed,
    networkName: NETWORK.name,
    constantRandomness: true,
    sealer: { bin },
  });
  try {
    await own.devnet.control.mine(2);
    const entropy = minerEntropy(1000);
    const sealRandEpoch = (await own.lotus.chainHead()).height - 900;
    const ticket = toHex(
      await own.lotus.stateGetRandomnessFromTickets(RANDOMNESS.seal, sealRandEpoch, entropy, []),
    );
    const seal = async (number: number, payloads: readonly Uint8Array[]) => {
      const sector = { miner: 1000, number, proof: 5, dir: join(folder.path, `s-${number}`) };
      await mkdir(sector.dir);
      const files = await Promise.all(
        payloads.map(async (payload, index) => {
          const path = join(folder.path, `piece-${number}-${index}`);
          await writeFile(path, payload);
          return { path };
        }),
      );
      const run = (op: string) => ({ id: `${op}-${number}` });
      const added = (await sealer.request('add-piece', { sector, pieces: files }, run('ap'))).result;
      const pieces = added.pieces
        .filter(({ zero }) => !zero)
        .map(({ padded_size, comm_p }) => ({ padded_size, comm_p }));
      await sealer.request('pre-commit-1', { sector, ticket, pieces }, run('pc1'));
      const { comm_r, comm_d } = (await sealer.request('pre-commit-2', { sector, ticket }, run('pc2')))
        .result;
      const manifests: PieceActivationManifest[] = pieces.map(({ padded_size, comm_p }) => ({
        cid: unsealedCid(bytes(comm_p)),
        size: padded_size,
        verifiedAllocationKey: null,
        notify: [],
      }));
      return { number, sector, comm_r, comm_d, manifests };
    };
    const sealed = [await seal(CC_SECTOR, []), await seal(DATA_SECTOR, DATA_PIECES)];
    const sectors = await Promise.all(
      sealed.map(({ number, comm_r, comm_d, manifests }) =>
        preCommitInfo(own, number, {
          sealedCid: sealedCid(bytes(comm_r)),
          unsealedCid: manifests.length > 0 ? unsealedCid(bytes(comm_d)) : null,
          sealRandEpoch,
        }),
      ),
    );
    const { height } = await own.execute(PreCommitSectorBatch2, { sectors });
    await own.devnet.control.mine(11);
    const seed = toHex(
      await own.lotus.stateGetRandomnessFromBeacon(RANDOMNESS.interactiveSeal, height - 1 + 10, entropy, []),
    );
    const proven: { number: number; proof: Uint8Array; pieces: PieceActivationManifest[] }[] = [];
    for (const { number, sector, comm_r, comm_d, manifests } of sealed) {
      const { c1 } = (
        await sealer.request('commit-1', { sector, ticket, seed, comm_r, comm_d }, { id: `c1-${number}` })
      ).result;
      proven.push({ number, proof: bytes(await proofOf(sealer, number, c1)), pieces: manifests });
    }

    const [first, second] = proven;
    if (!first || !second) throw new Error('two sectors were sealed');
    const swapped = [
      { ...first, proof: second.proof },
      { ...second, proof: first.proof },
    ];
    expect(await own.refusal(ProveCommitSectors3, proveCommitParams(swapped))).toContain(
      'no valid proofs specified',
    );
    const noise = { ...first, proof: new Uint8Array(randomBytes(192)) };
    expect(await own.refusal(ProveCommitSectors3, proveCommitParams([noise]))).toContain(
      'no valid proofs specified',
    );
    const lookup = await own.execute(ProveCommitSectors3, proveCommitParams(proven));
    expect(lookup.returnDec).toEqual({ SuccessCount: 2, FailCodes: null });
    const owned = await own.lotus.stateMinerSectors(MINER, null, []);
    expect(owned.map(({ sectorNumber }) => sectorNumber)).toEqual([CC_SECTOR, DATA_SECTOR]);
  } finally {
    await sealer.close();
  }
});
