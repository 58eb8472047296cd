//! A circuit as a quadratic arithmetic program, evaluated at one secret point.
//!
//! For every variable Groth16 needs three polynomials at τ: u, v and w, the sums over the
//! constraints of the variable's coefficient (in A, B and C) times the constraint's Lagrange
//! polynomial (Groth, "On the Size of Pairing-based Non-interactive Arguments", EUROCRYPT 2016,
//! section 3.2). The circuit is synthesised twice: once to count its constraints, which fixes
//! the evaluation domain, and once to add up those sums as the constraints go by. So no
//! constraint is ever stored, and memory is that of 3 scalars a variable and 1 a constraint.

use anyhow::{ensure, Result};
use bellperson::{Circuit, ConstraintSystem, Index, LinearCombination, SynthesisError, Variable};
use blstrs::Scalar;
use ff::{BatchInverter, Field, PrimeField};
use rayon::prelude::*;

use crate::secret::Secret;

/// The size of a circuit, the constant input and the constraints added for inputs included.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Shape {
    pub inputs: usize,
    pub aux: usize,
    pub constraints: usize,
}

impl Shape {
    /// The size of the evaluation domain: the next power of two.
    pub fn domain(&self) -> usize {
        self.constraints.next_power_of_two()
    }
}

/// u, v and w of all variables at τ.
pub struct Evaluations {
    pub inputs: [Secret<Vec<Scalar>>; 3],
    pub aux: [Secret<Vec<Scalar>>; 3],
}

/// Counts what a circuit allocates and enforces.
pub fn count<C: Circuit<Scalar>>(circuit: C, tick: impl FnMut(usize) + Send) -> Result<Shape> {
    let mut counter = Synthesis {
        shape: Shape::default(),
        sink: Discard,
        tick,
    };
    counter.run(circuit)?;
    Ok(counter.shape)
}

/// Evaluates a circuit that has the given shape, over the Lagrange coefficients of its domain.
pub fn evaluate<C: Circuit<Scalar>>(
    circuit: C,
    shape: Shape,
    lagrange: &[Scalar],
    tick: impl FnMut(usize) + Send,
) -> Result<Evaluations> {
    let zeros = |count: usize| std::array::from_fn(|_| Secret::new(vec![Scalar::ZERO; count]));
    let mut evaluator = Synthesis {
        shape: Shape::default(),
        sink: Accumulate {
            lagrange,
            sums: Evaluations {
                inputs: zeros(shape.inputs),
                aux: zeros(shape.aux),
            },
        },
        tick,
    };
    evaluator.run(circuit)?;
    ensure!(
        evaluator.shape == shape,
        "the circuit changed between two syntheses: {shape:?}, then {:?}",
        evaluator.shape
    );
    Ok(evaluator.sink.sums)
}

/// The domain's Lagrange polynomials at τ: L_i(τ) = (τ^m − 1)/m · ω^i/(τ − ω^i).
pub fn lagrange_at(tau: &Scalar, domain: usize) -> Result<Secret<Vec<Scalar>>> {
    ensure!(
        domain.is_power_of_two() && domain.trailing_zeros() <= Scalar::S,
        "the field has no evaluation domain of {domain} elements"
    );
    let omega = (domain.trailing_zeros()..Scalar::S).fold(Scalar::ROOT_OF_UNITY, |w, _| w.square());
    let size: Option<Scalar> = Scalar::from(domain as u64).invert().into();
    let vanishing = tau.pow_vartime([domain as u64]) - Scalar::ONE;
    ensure!(
        !bool::from(vanishing.is_zero()),
        "τ lies in the evaluation domain"
    );
    let factor = vanishing * size.unwrap_or(Scalar::ZERO);

    const CHUNK: usize = 4096;
    let mut out = Secret::new(vec![Scalar::ZERO; domain]);
    out.par_chunks_mut(CHUNK)
        .enumerate()
        .for_each(|(chunk, values)| {
            let mut power = omega.pow_vartime([(chunk * CHUNK) as u64]);
            let mut numerators = Vec::with_capacity(values.len());
            for value in values.iter_mut() {
                *value = *tau - power;
                numerators.push(factor * power);
                power *= omega;
            }
            let mut scratch = vec![Scalar::ZERO; values.len()];
            BatchInverter::invert_with_external_scratch(&mut *values, &mut scratch);
            let (numerators, scratch) = (Secret::new(numerators), Secret::new(scratch));
            for (value, numerator) in values.iter_mut().zip(numerators.iter()) {
                *value *= numerator;
            }
            drop(scratch);
        });
    Ok(out)
}

/// What becomes of a constraint.
trait Sink: Send {
    /// The combinations are only built when asked for.
    const WANTS_COMBINATIONS: bool;
    fn constraint(&mut self, index: usize, combinations: [&LinearCombination<Scalar>; 3]);
}

struct Discard;

impl Sink for Discard {
    const WANTS_COMBINATIONS: bool = false;
    fn constraint(&mut self, _: usize, _: [&LinearCombination<Scalar>; 3]) {}
}

struct Accumulate<'a> {
    lagrange: &'a [Scalar],
    sums: Evaluations,
}

impl Sink for Accumulate<'_> {
    const WANTS_COMBINATIONS: bool = true;
    fn constraint(&mut self, index: usize, combinations: [&LinearCombination<Scalar>; 3]) {
        let basis = self.lagrange[index];
        for (which, combination) in combinations.iter().enumerate() {
            for (variable, coefficient) in combination.iter_inputs() {
                add_term(&mut self.sums.inputs[which][*variable], coefficient, &basis);
            }
            for (variable, coefficient) in combination.iter_aux() {
                add_term(&mut self.sums.aux[which][*variable], coefficient, &basis);
            }
        }
    }
}

fn add_term(sum: &mut Scalar, coefficient: &Scalar, basis: &Scalar) {
    if *coefficient == Scalar::ONE {
        *sum += basis;
    } else {
        *sum += *coefficient * basis;
    }
}

/// Synthesises a circuit into a sink, calling `tick` with the constraints seen so far.
struct Synthesis<S, T> {
    shape: Shape,
    sink: S,
    tick: T,
}

/// Constraints between two ticks.
const TICK: usize = 1 << 14;

impl<S: Sink, T: FnMut(usize) + Send> Synthesis<S, T> {
    fn run<C: Circuit<Scalar>>(&mut self, circuit: C) -> Result<(), SynthesisError> {
        self.alloc_input(|| "one", || Ok(Scalar::ONE))?;
        circuit.synthesize(self)?;
        // One constraint x · 0 = 0 an input makes the inputs' polynomials independent; the prover
        // adds the same ones.
        for input in 0..self.shape.inputs {
            let variable = Variable::new_unchecked(Index::Input(input));
            self.enforce(|| "input", |lc| lc + variable, |lc| lc, |lc| lc);
        }
        Ok(())
    }
}

impl<S: Sink, T: FnMut(usize) + Send> ConstraintSystem<Scalar> for Synthesis<S, T> {
    type Root = Self;

    // The values are never asked for: parameters do not depend on them.
    fn alloc<F, A, AR>(&mut self, _: A, _: F) -> Result<Variable, SynthesisError>
    where
        F: FnOnce() -> Result<Scalar, SynthesisError>,
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
        self.shape.aux += 1;
        Ok(Variable::new_unchecked(Index::Aux(self.shape.aux - 1)))
    }

    fn alloc_input<F, A, AR>(&mut self, _: A, _: F) -> Result<Variable, SynthesisError>
    where
        F: FnOnce() -> Result<Scalar, SynthesisError>,
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
        self.shape.inputs += 1;
        Ok(Variable::new_unchecked(Index::Input(self.shape.inputs - 1)))
    }

    fn enforce<A, AR, LA, LB, LC>(&mut self, _: A, a: LA, b: LB, c: LC)
    where
        A: FnOnce() -> AR,
        AR: Into<String>,
        LA: FnOnce(LinearCombination<Scalar>) -> LinearCombination<Scalar>,
        LB: FnOnce(LinearCombination<Scalar>) -> LinearCombination<Scalar>,
        LC: FnOnce(LinearCombination<Scalar>) -> LinearCombination<Scalar>,
    {
        if S::WANTS_COMBINATIONS {
            let zero = LinearCombination::zero;
            self.sink
                .constraint(self.shape.constraints, [&a(zero()), &b(zero()), &c(zero())]);
        }
        self.shape.constraints += 1;
        if self.shape.constraints % TICK == 0 {
            (self.tick)(self.shape.constraints);
        }
    }

    fn push_namespace<NR, N>(&mut self, _: N)
    where
        NR: Into<String>,
        N: FnOnce() -> NR,
    {
    }

    fn pop_namespace(&mut self) {}

    fn get_root(&mut self) -> &mut Self::Root {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::OsRng;

    #[test]
    fn lagrange_coefficients_interpolate() {
        let tau = Scalar::random(OsRng);
        for domain in [1usize, 2, 8, 8192] {
            let lagrange = lagrange_at(&tau, domain).expect("a domain");
            let omega =
                (domain.trailing_zeros()..Scalar::S).fold(Scalar::ROOT_OF_UNITY, |w, _| w.square());
            // The coefficients interpolate every polynomial of lower degree: here x^k.
            for degree in [0, domain / 2, domain - 1] {
                let step = omega.pow_vartime([degree as u64]);
                let mut value = Scalar::ONE;
                let mut sum = Scalar::ZERO;
                for coefficient in lagrange.iter() {
                    sum += value * coefficient;
                    value *= step;
                }
                assert_eq!(sum, tau.pow_vartime([degree as u64]));
            }
        }
    }

    #[test]
    fn a_point_of_the_domain_is_refused() {
        assert!(lagrange_at(&Scalar::ONE, 8).is_err());
        assert!(lagrange_at(&Scalar::from(5), 3).is_err());
    }
}
