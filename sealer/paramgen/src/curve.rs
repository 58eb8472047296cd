//! The affine arithmetic of BLS12-381's two groups that fixed-base multiplication needs.
//!
//! Points are kept affine throughout: an affine addition costs one field inversion and six
//! multiplications, and the inversions of a whole batch are shared (Montgomery's trick), so an
//! addition comes to six multiplications where a mixed Jacobian one takes eleven and a
//! normalisation afterwards.

use blst::{blst_fp, blst_fp2, blst_p1_affine, blst_p2_affine};

/// A coordinate field of a curve: Fp for G1, Fp2 for G2.
pub trait Coordinate: Copy + PartialEq + Send + Sync + 'static {
    const ZERO: Self;
    const ONE: Self;
    fn add(&self, other: &Self) -> Self;
    fn sub(&self, other: &Self) -> Self;
    fn mul(&self, other: &Self) -> Self;
    fn square(&self) -> Self;
    fn negate(&self) -> Self;
    /// The inverse of a value that is not zero; zero for zero.
    fn invert(&self) -> Self;
}

/// One in Montgomery form: 2^384 mod p.
const FP_ONE: blst_fp = blst_fp {
    l: [
        0x7609_0000_0002_fffd,
        0xebf4_000b_c40c_0002,
        0x5f48_9857_53c7_58ba,
        0x77ce_5853_7052_5745,
        0x5c07_1a97_a256_ec6d,
        0x15f6_5ec3_fa80_e493,
    ],
};
const FP_ZERO: blst_fp = blst_fp { l: [0; 6] };

macro_rules! coordinate {
    ($type:ty, $zero:expr, $one:expr, $add:ident, $sub:ident, $mul:ident, $sqr:ident, $cneg:ident, $inverse:ident) => {
        // Safety of every block below: the pointers are to live, initialised values of the type
        // that the function takes, and blst allows the output to alias an input.
        impl Coordinate for $type {
            const ZERO: Self = $zero;
            const ONE: Self = $one;

            #[inline(always)]
            fn add(&self, other: &Self) -> Self {
                let mut out = Self::ZERO;
                unsafe { blst::$add(&mut out, self, other) };
                out
            }

            #[inline(always)]
            fn sub(&self, other: &Self) -> Self {
                let mut out = Self::ZERO;
                unsafe { blst::$sub(&mut out, self, other) };
                out
            }

            #[inline(always)]
            fn mul(&self, other: &Self) -> Self {
                let mut out = Self::ZERO;
                unsafe { blst::$mul(&mut out, self, other) };
                out
            }

            #[inline(always)]
            fn square(&self) -> Self {
                let mut out = Self::ZERO;
                unsafe { blst::$sqr(&mut out, self) };
                out
            }

            #[inline(always)]
            fn negate(&self) -> Self {
                let mut out = Self::ZERO;
                unsafe { blst::$cneg(&mut out, self, true) };
                out
            }

            fn invert(&self) -> Self {
                let mut out = Self::ZERO;
                unsafe { blst::$inverse(&mut out, self) };
                out
            }
        }
    };
}

coordinate!(
    blst_fp,
    FP_ZERO,
    FP_ONE,
    blst_fp_add,
    blst_fp_sub,
    blst_fp_mul,
    blst_fp_sqr,
    blst_fp_cneg,
    blst_fp_inverse
);
coordinate!(
    blst_fp2,
    blst_fp2 {
        fp: [FP_ZERO, FP_ZERO]
    },
    blst_fp2 {
        fp: [FP_ONE, FP_ZERO]
    },
    blst_fp2_add,
    blst_fp2_sub,
    blst_fp2_mul,
    blst_fp2_sqr,
    blst_fp2_cneg,
    blst_fp2_inverse
);

/// An affine point; never the point at infinity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point<F> {
    pub x: F,
    pub y: F,
}

impl<F: Coordinate> Point<F> {
    pub const UNSET: Self = Point {
        x: F::ZERO,
        y: F::ZERO,
    };

    pub fn negate(&self) -> Self {
        Point {
            x: self.x,
            y: self.y.negate(),
        }
    }

    /// The double of a point of odd order.
    pub fn double(&self) -> Self {
        let xx = self.x.square();
        let numerator = xx.add(&xx).add(&xx);
        let slope = numerator.mul(&self.y.add(&self.y).invert());
        let x = slope.square().sub(&self.x).sub(&self.x);
        Point {
            x,
            y: slope.mul(&self.x.sub(&x)).sub(&self.y),
        }
    }
}

/// A group of the pairing: how its points are represented.
pub trait Group: Copy + Send + Sync + 'static {
    type Field: Coordinate;
    /// Bytes of a point in Zcash's uncompressed serialisation, which parameter files use.
    const SERIALISED: usize;
    fn generator() -> Point<Self::Field>;
    fn serialise(point: &Point<Self::Field>, out: &mut [u8]);
}

#[derive(Clone, Copy, Debug)]
pub struct G1;
#[derive(Clone, Copy, Debug)]
pub struct G2;

macro_rules! group {
    ($group:ty, $field:ty, $affine:ident, $bytes:literal, $generator:ident, $serialise:ident) => {
        impl Group for $group {
            type Field = $field;
            const SERIALISED: usize = $bytes;

            fn generator() -> Point<$field> {
                // Safety: blst returns a pointer to a constant of its own.
                let generator = unsafe { &*blst::$generator() };
                Point {
                    x: generator.x,
                    y: generator.y,
                }
            }

            fn serialise(point: &Point<$field>, out: &mut [u8]) {
                assert_eq!(out.len(), Self::SERIALISED);
                let affine = $affine {
                    x: point.x,
                    y: point.y,
                };
                // Safety: `out` is exactly as long as the serialisation.
                unsafe { blst::$serialise(out.as_mut_ptr(), &affine) };
            }
        }
    };
}

group!(
    G1,
    blst_fp,
    blst_p1_affine,
    96,
    blst_p1_affine_generator,
    blst_p1_affine_serialize
);
group!(
    G2,
    blst_fp2,
    blst_p2_affine,
    192,
    blst_p2_affine_generator,
    blst_p2_affine_serialize
);

/// What one addition of a batch adds: a point, or its negative.
pub type Addend<'a, F> = (&'a Point<F>, bool);

/// Room for the intermediate values of [`add_batch`], kept between calls.
pub struct Scratch<F> {
    steps: Vec<Step<F>>,
}

struct Step<F> {
    index: usize,
    /// Product of the denominators of all steps before this one.
    before: F,
    denominator: F,
}

impl<F: Coordinate> Scratch<F> {
    pub fn new() -> Self {
        Scratch { steps: Vec::new() }
    }
}

/// How many additions ahead a table's entry is asked for from memory.
const AHEAD: usize = 8;

/// Asks for a point's cache lines: they come from tables too large for the near caches.
#[inline(always)]
fn prefetch<F>(point: &Point<F>) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_mm_prefetch, _MM_HINT_T0};
        const LINE: usize = 64;
        let start = std::ptr::from_ref(point).cast::<i8>();
        for offset in (0..std::mem::size_of::<Point<F>>()).step_by(LINE) {
            // Safety: a prefetch reads nothing and never faults; the address is in the point.
            unsafe { _mm_prefetch(start.add(offset), _MM_HINT_T0) };
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = point;
}

/// Adds `addend(i)` to `sums[i]` for every `i` for which there is one, sharing one inversion.
/// `addend` is also asked for indices just beyond the sums' end.
///
/// No sum may equal its addend or the addend's negative: the callers see to that by construction.
pub fn add_batch<'a, F: Coordinate>(
    sums: &mut [Point<F>],
    scratch: &mut Scratch<F>,
    addend: impl Fn(usize) -> Option<Addend<'a, F>>,
) {
    let mut product = F::ONE;
    scratch.steps.clear();
    for (index, sum) in sums.iter().enumerate() {
        if let Some((point, _)) = addend(index + AHEAD) {
            prefetch(point);
        }
        if let Some((point, _)) = addend(index) {
            let denominator = point.x.sub(&sum.x);
            scratch.steps.push(Step {
                index,
                before: product,
                denominator,
            });
            product = product.mul(&denominator);
        }
    }
    let mut inverse = product.invert();
    debug_assert!(inverse != F::ZERO, "a point was added to itself");
    for step in scratch.steps.iter().rev() {
        let Some((point, negative)) = addend(step.index) else {
            continue;
        };
        let sum = &mut sums[step.index];
        let over = inverse.mul(&step.before);
        inverse = inverse.mul(&step.denominator);
        let y = if negative { point.y.negate() } else { point.y };
        let slope = y.sub(&sum.y).mul(&over);
        let x = slope.square().sub(&sum.x).sub(&point.x);
        sum.y = slope.mul(&sum.x.sub(&x)).sub(&sum.y);
        sum.x = x;
    }
}
