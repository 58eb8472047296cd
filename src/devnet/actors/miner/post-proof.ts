import { type BitField, minerEntropy, RANDOMNESS, sealedCommitment } from '#codec';
import type { ActorId, Epoch } from '#core';
import type { MinerState, PersistentMap, Sector } from '../../state/index.ts';
import { ActorError, EXIT } from '../actor-error.ts';
import type { Runtime } from '../runtime.ts';

/**
 * Asks the verifier about a window PoSt over sectors of which some are `ignored` as bad; at least one is not.
 * Source: builtin-actors `load_for_proof`, `verify_windowed_post`.
 */
export function verifyWindowPoSt(
  runtime: Runtime,
  receiver: ActorId,
  miner: MinerState,
  challenge: Epoch,
  what: {
    readonly sectors: PersistentMap<Sector>;
    readonly numbers: BitField;
    readonly ignored: BitField;
    readonly proof: Uint8Array;
  },
): Promise<boolean> {
  const { verifier, randomness } = runtime.env;
  const [standIn] = what.numbers.subtract(what.ignored);
  const sectors = [...what.numbers].map((number) => {
    const sector = what.sectors.get(what.ignored.has(number) ? (standIn ?? number) : number);
    if (!sector) throw new ActorError(EXIT.notFound, `sector ${number} not found`);
    return { number: sector.number, commR: sealedCommitment(sector.sealedCid) };
  });
  return verifier.verifyWindowPoSt({
    miner: receiver,
    postProof: miner.info.windowPoStProof,
    randomness: randomness('beacon', RANDOMNESS.windowPoSt, challenge, minerEntropy(receiver)),
    sectors,
    proof: what.proof,
  });
}
