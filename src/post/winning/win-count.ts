import { blake2b256 } from '#codec';

/**
 * How often a miner wins an epoch. The chain computes it in fixed point with 256 bits behind the point, so this must
 * come to the same bit. Source: Lotus `chain/types/electionproof.go` (`ComputeWinCount`).
 */

const FRACTION_BITS = 256n;
const ONE = 1n << FRACTION_BITS;

/** Blocks that an epoch has on average. Source: Lotus `build.BlocksPerEpoch`. */
export const BLOCKS_PER_EPOCH = 5n;
/** No election gives more wins. */
export const MAX_WIN_COUNT = 3 * Number(BLOCKS_PER_EPOCH);

/** Coefficients of e^-x as a quotient of two polynomials, highest power first, in units of 2^-128. */
const NUMERATOR = [
  -648770010757830093818553637600n,
  67469480939593786226847644286976n,
  -3197587544499098424029388939001856n,
  89244641121992890118377641805348864n,
  -1579656163641440567800982336819953664n,
  17685496037279256458459817590917169152n,
  -115682590513835356866803355398940131328n,
  340282366920938463463374607431768211456n,
].map((coefficient) => coefficient << 128n);
const DENOMINATOR = [
  1225524182432722209606361n,
  114095592300906098243859450n,
  5665570424063336070530214243n,
  194450132448609991765137938448n,
  5068267641632683791026134915072n,
  104716890604972796896895427629056n,
  1748338658439454459487681798864896n,
  23704654329841312470660182937960448n,
  259380097567996910282699886670381056n,
  2250336698853390384720606936038375424n,
  14978272436876548034486263159246028800n,
  72144088983913131323343765784380833792n,
  224599776407103106596571252037123047424n,
  340282366920938463463374607431768211456n,
].map((coefficient) => coefficient << 128n);

/** The expected wins of an epoch, in fixed point. Powers are the quality-adjusted ones of `MinerGetBaseInfo`. */
export function expectedWins(power: bigint, networkPower: bigint): bigint {
  return ((power * BLOCKS_PER_EPOCH) << FRACTION_BITS) / networkPower;
}

/**
 * Wins of an election: the VRF's hash, read as a number below one, against the upper tails of the Poisson
 * distribution around the expected wins.
 *
 * @param vrfProof the election proof's VRF, 96 bytes
 * @param power the miner's, `MinerPower` of `MinerGetBaseInfo`
 * @param networkPower the network's; a network without power has no winner
 */
export function winCount(vrfProof: Uint8Array, power: bigint, networkPower: bigint): number {
  if (networkPower <= 0n || power <= 0n) return 0;
  const drawn = fromBigEndian(blake2b256(vrfProof));
  let wins = 0;
  for (const tail of poissonTails(expectedWins(power, networkPower))) {
    if (drawn >= tail || wins >= MAX_WIN_COUNT) break;
    wins += 1;
  }
  return wins;
}

/** P(X > 0), P(X > 1), … of a Poisson variable with mean `lambda`, all in fixed point. */
export function* poissonTails(lambda: bigint): Generator<bigint, never> {
  let density = expNegative(lambda);
  let tail = ONE - density;
  for (let k = 1n; ; k += 1n) {
    yield tail;
    // Divided before it is multiplied, as the network does: the order shows in the last bits.
    density = ((density / k) * lambda) >> FRACTION_BITS;
    tail -= density;
  }
}

/** e^-x in fixed point, for 0 ≤ x < 5. */
function expNegative(x: bigint): bigint {
  return (evaluate(NUMERATOR, x) << FRACTION_BITS) / evaluate(DENOMINATOR, x);
}

/** A polynomial's value, in fixed point. `>>` rounds down also below zero, as Go's `Rsh` does. */
function evaluate(coefficients: readonly bigint[], x: bigint): bigint {
  return coefficients.reduce((sum, coefficient) => ((sum * x) >> FRACTION_BITS) + coefficient);
}

function fromBigEndian(bytes: Uint8Array): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
