//! Many multiples of one fixed point, by signed windows.
//!
//! A scalar is cut into digits of `bits` bits between −2^(bits−1) and 2^(bits−1); a table holds
//! every positive digit times every window's power of the base, so that a multiple is one table
//! look-up and one addition per window, with no doublings at all. bellperson's generator uses
//! wNAF, which doubles some 255 times for every point.

use blstrs::Scalar;
use rayon::prelude::*;

use crate::curve::{add_batch, Coordinate, Group, Point, Scratch};
use crate::secret::Secret;

/// Bits of the scalars' range: the group order is below 2^255.
const SCALAR_BITS: usize = 255;

/// Scalars multiplied together: they share each window's inversion, and their sums and the
/// scratch space of one addition (some 300 KB in G1) stay in a core's second-level cache.
pub const BATCH: usize = 1024;

/// Multiples of one point, by window and digit.
pub struct Table<G: Group> {
    bits: usize,
    windows: Vec<Vec<Point<G::Field>>>,
}

/// The window width that costs least for `count` multiples, the table's own additions included.
fn best_bits(count: usize) -> usize {
    let cost = |bits: usize| (SCALAR_BITS + 1).div_ceil(bits) * (count + (1 << (bits - 1)));
    (4..=16).min_by_key(|bits| cost(*bits)).unwrap_or(8)
}

impl<G: Group> Table<G> {
    /// A table over the group's generator for about `count` multiples.
    pub fn new(count: usize) -> Self {
        Self::with_bits(best_bits(count))
    }

    fn with_bits(bits: usize) -> Self {
        let mut bases = vec![G::generator()];
        // One bit more than the scalars have, for the carry out of the highest digit.
        let windows = (SCALAR_BITS + 1).div_ceil(bits);
        for window in 1..windows {
            let mut base = bases[window - 1];
            for _ in 0..bits {
                base = base.double();
            }
            bases.push(base);
        }
        let half = 1 << (bits - 1);
        let windows = bases
            .par_iter()
            .map(|base| multiples(*base, half))
            .collect();
        Table { bits, windows }
    }

    /// The multiples of the generator by `scalars`, none of which may be zero.
    ///
    /// Windows go from low to high, so a sum is below the next window's smallest multiple in
    /// absolute value and their difference and sum below the group order: no sum ever meets its
    /// addend or the addend's negative.
    pub fn multiply(&self, scalars: &[Scalar]) -> Vec<Point<G::Field>> {
        let mut out = Vec::with_capacity(scalars.len());
        let mut scratch = Scratch::new();
        for batch in scalars.chunks(BATCH) {
            let digits = Secret::new(self.digits(batch));
            let mut sums = vec![Point::<G::Field>::UNSET; batch.len()];
            let mut begun = vec![false; batch.len()];
            for (table, digits) in self.windows.iter().zip(digits.chunks(batch.len())) {
                let entry = |digit: i32| (&table[digit.unsigned_abs() as usize - 1], digit < 0);
                add_batch(&mut sums, &mut scratch, |index| {
                    let digit = *digits.get(index)?;
                    (digit != 0 && begun[index]).then(|| entry(digit))
                });
                for (index, digit) in digits.iter().enumerate() {
                    if *digit != 0 && !begun[index] {
                        let (point, negative) = entry(*digit);
                        sums[index] = if negative { point.negate() } else { *point };
                        begun[index] = true;
                    }
                }
            }
            assert!(
                begun.iter().all(|b| *b),
                "a multiple by zero has no affine form"
            );
            out.append(&mut sums);
        }
        out
    }

    /// Signed digits, lowest window first: `digits[window * scalars.len() + scalar]`.
    fn digits(&self, scalars: &[Scalar]) -> Vec<i32> {
        let mut digits = vec![0i32; self.windows.len() * scalars.len()];
        for (index, scalar) in scalars.iter().enumerate() {
            let bytes = Secret::new(scalar.to_bytes_le());
            let mut carry = 0;
            for window in 0..self.windows.len() {
                let mut digit = bits_at(&bytes[..], window * self.bits, self.bits) as i32 + carry;
                carry = 0;
                if digit > 1 << (self.bits - 1) {
                    digit -= 1 << self.bits;
                    carry = 1;
                }
                digits[window * scalars.len() + index] = digit;
            }
        }
        digits
    }
}

/// `count` bits (at most 16) of a little-endian number from bit `start` on.
fn bits_at(bytes: &[u8], start: usize, count: usize) -> u32 {
    let first = start / 8;
    let word = (0..3)
        .filter_map(|i| bytes.get(first + i).map(|b| u32::from(*b) << (8 * i)))
        .sum::<u32>();
    (word >> (start % 8)) & ((1 << count) - 1)
}

/// `base` times 1, 2, …, `count` (a power of two), by doubling the list.
fn multiples<F: Coordinate>(base: Point<F>, count: usize) -> Vec<Point<F>> {
    let mut out = Vec::with_capacity(count);
    let mut scratch = Scratch::new();
    out.push(base);
    while out.len() < count {
        let known = out.len();
        let last = out[known - 1];
        let double = last.double();
        for start in (0..known - 1).step_by(BATCH) {
            let mut next = out[start..(start + BATCH).min(known - 1)].to_vec();
            add_batch(&mut next, &mut scratch, |_| Some((&last, false)));
            out.append(&mut next);
        }
        out.push(double);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::{G1, G2};
    use blstrs::{G1Affine, G1Projective, G2Affine, G2Projective};
    use ff::{Field, PrimeField};
    use group::{Curve, Group as _};
    use rand::rngs::OsRng;

    fn interesting() -> Vec<Scalar> {
        let mut scalars = vec![
            Scalar::ONE,
            -Scalar::ONE,
            Scalar::from(1 << 15),
            Scalar::from((1 << 15) + 1),
            Scalar::from(0xffff),
            Scalar::from(1 << 16),
            Scalar::ROOT_OF_UNITY,
        ];
        for power in [7u64, 8, 63, 64, 239, 240, 253, 254] {
            let value = Scalar::from(2).pow_vartime([power]);
            scalars.extend([value, value - Scalar::ONE, -value, Scalar::ONE - value]);
        }
        scalars.retain(|s| !bool::from(s.is_zero()));
        scalars.extend((0..BATCH + 10).map(|_| Scalar::random(OsRng)));
        scalars
    }

    #[test]
    fn every_width_agrees_with_blstrs_in_g1() {
        let scalars = interesting();
        let expected: Vec<G1Affine> = scalars
            .iter()
            .map(|s| (G1Projective::generator() * s).to_affine())
            .collect();
        for bits in [4, 7, 8, 13, 16] {
            let got = Table::<G1>::with_bits(bits).multiply(&scalars);
            for ((point, expected), scalar) in got.iter().zip(&expected).zip(&scalars) {
                let mut bytes = [0; 96];
                G1::serialise(point, &mut bytes);
                assert_eq!(bytes, expected.to_uncompressed(), "{scalar} at {bits} bits");
            }
        }
    }

    #[test]
    fn agrees_with_blstrs_in_g2() {
        let scalars = &interesting()[..60];
        let got = Table::<G2>::with_bits(9).multiply(scalars);
        for (point, scalar) in got.iter().zip(scalars) {
            let expected: G2Affine = (G2Projective::generator() * scalar).to_affine();
            let mut bytes = [0; 192];
            G2::serialise(point, &mut bytes);
            assert_eq!(bytes, expected.to_uncompressed(), "{scalar}");
        }
    }

    #[test]
    fn the_width_grows_with_the_count() {
        assert_eq!(best_bits(1), 4);
        assert_eq!(best_bits(10_000_000), 16);
        assert!((9..=13).contains(&best_bits(60_000)));
    }

    #[test]
    #[should_panic(expected = "a multiple by zero")]
    fn zero_is_refused() {
        Table::<G1>::with_bits(4).multiply(&[Scalar::ZERO]);
    }
}
