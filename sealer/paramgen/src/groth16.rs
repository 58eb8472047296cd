//! Groth16 parameters for a circuit, written as they are computed.
//!
//! The file is bellperson's `groth16::Parameters`: the verifying key, then the lists H, L, A,
//! B in G1 and B in G2, each preceded by its length, every number big-endian and every point
//! uncompressed. Lists A and B leave out the variables whose polynomial is zero, which the
//! prover skips too. (Groth, "On the Size of Pairing-based Non-interactive Arguments",
//! EUROCRYPT 2016, section 3.2.)

use std::io::Write;
use std::sync::mpsc::sync_channel;

use anyhow::{anyhow, ensure, Result};
use bellperson::Circuit;
use blstrs::Scalar;
use ff::Field;
use rand::rngs::OsRng;
use rayon::prelude::*;

use crate::curve::{Group, G1, G2};
use crate::fixed_base::{Table, BATCH};
use crate::progress::Meter;
use crate::qap::{self, Evaluations, Shape};
use crate::secret::Secret;

/// Scalars whose points are in memory at a time.
const BLOCK: usize = 64 * BATCH;

/// How many G1 additions a G2 addition costs, and how many G1 points a constraint's synthesis,
/// measured; they only weigh the progress reported.
const G2_WEIGHT: u64 = 3;
const COUNT_WEIGHT: f64 = 0.8;
const EVALUATE_WEIGHT: f64 = 1.0;

/// The secrets of a parameter set; who knows them can prove anything.
struct ToxicWaste {
    alpha: Secret<Scalar>,
    beta: Secret<Scalar>,
    tau: Secret<Scalar>,
    gamma_inverse: Secret<Scalar>,
    delta_inverse: Secret<Scalar>,
    gamma: Secret<Scalar>,
    delta: Secret<Scalar>,
}

impl ToxicWaste {
    fn random() -> Result<Self> {
        let random = || loop {
            let scalar = Secret::new(Scalar::random(OsRng));
            if !bool::from(scalar.is_zero()) {
                return scalar;
            }
        };
        let inverse = |scalar: &Scalar| -> Result<Secret<Scalar>> {
            Option::from(scalar.invert())
                .map(Secret::new)
                .ok_or_else(|| anyhow!("zero has no inverse"))
        };
        let (gamma, delta) = (random(), random());
        Ok(ToxicWaste {
            alpha: random(),
            beta: random(),
            tau: random(),
            gamma_inverse: inverse(&gamma)?,
            delta_inverse: inverse(&delta)?,
            gamma,
            delta,
        })
    }
}

/// Bytes of the parameter file of a circuit with this many points.
fn file_size(verifying_key: usize, g1_points: usize, g2_points: usize) -> u64 {
    (verifying_key + 5 * 4 + g1_points * G1::SERIALISED + g2_points * G2::SERIALISED) as u64
}

/// Generates parameters for the circuit that `blank` builds and writes them to `out`.
///
/// `announce` is called with the size of the file in bytes before the first of them is written.
/// Returns the verifying key's bytes, with which the file begins.
pub fn generate<C: Circuit<Scalar>>(
    blank: impl Fn() -> C,
    out: &mut (impl Write + Send),
    meter: &Meter,
    announce: impl FnOnce(u64) -> Result<()>,
) -> Result<Vec<u8>> {
    generate_from(&ToxicWaste::random()?, blank, out, meter, announce)
}

fn generate_from<C: Circuit<Scalar>>(
    toxic: &ToxicWaste,
    blank: impl Fn() -> C,
    out: &mut (impl Write + Send),
    meter: &Meter,
    announce: impl FnOnce(u64) -> Result<()>,
) -> Result<Vec<u8>> {
    meter.phase("count");
    let shape = qap::count(blank(), |seen| meter.tick(seen as u64))?;
    meter.set_total(plan(&shape));
    meter.advance((shape.constraints as f64 * COUNT_WEIGHT) as u64);
    let counted = meter.done();

    meter.phase("synthesise");
    let evaluations = {
        let lagrange = qap::lagrange_at(&toxic.tau, shape.domain())?;
        qap::evaluate(blank(), shape, &lagrange, |seen| {
            meter.set_done(counted + (seen as f64 * EVALUATE_WEIGHT) as u64);
        })?
    };
    meter.set_done((shape.constraints as f64 * (COUNT_WEIGHT + EVALUATE_WEIGHT)) as u64);
    let used = |which: usize| {
        let count = |values: &[Scalar]| values.par_iter().filter(|v| !is_zero(v)).count();
        count(&evaluations.inputs[which]) + count(&evaluations.aux[which])
    };
    let (a_count, b_count) = (used(0), used(1));

    meter.phase("tables");
    let h_count = shape.domain() - 1;
    let g1_count = h_count + shape.aux + shape.inputs + a_count + b_count;
    let (g1, g2) = rayon::join(|| Table::<G1>::new(g1_count), || Table::<G2>::new(b_count));

    let verifying_key = verifying_key(toxic, &evaluations, &g1, &g2)?;
    announce(file_size(
        verifying_key.len(),
        h_count + shape.aux + a_count + b_count,
        b_count,
    ))?;
    out.write_all(&verifying_key)?;

    meter.phase("h");
    let vanishing = toxic.tau.pow_vartime([shape.domain() as u64]) - Scalar::ONE;
    let factor = Secret::new(vanishing * *toxic.delta_inverse);
    let tau = &*toxic.tau;
    write_points(out, &g1, h_count, 1, meter, h_count, |range| {
        let mut power = tau.pow_vartime([range.start as u64]) * *factor;
        range
            .map(|_| {
                let next = power * tau;
                std::mem::replace(&mut power, next)
            })
            .collect()
    })?;

    meter.phase("l");
    let [u, v, w] = &evaluations.aux;
    write_points(out, &g1, shape.aux, 1, meter, shape.aux, |range| {
        range
            .map(|i| combine(toxic, &u[i], &v[i], &w[i]) * *toxic.delta_inverse)
            .collect()
    })?;

    let list = |which: usize| {
        let (inputs, aux) = (&evaluations.inputs[which], &evaluations.aux[which]);
        move |range: std::ops::Range<usize>| -> Vec<Scalar> {
            let at = |i: usize| inputs.get(i).unwrap_or_else(|| &aux[i - inputs.len()]);
            range.map(at).filter(|s| !is_zero(s)).copied().collect()
        }
    };
    let variables = shape.inputs + shape.aux;
    meter.phase("a");
    write_points(out, &g1, variables, 1, meter, a_count, list(0))?;
    meter.phase("b-g1");
    write_points(out, &g1, variables, 1, meter, b_count, list(1))?;
    meter.phase("b-g2");
    write_points(out, &g2, variables, G2_WEIGHT, meter, b_count, list(1))?;
    Ok(verifying_key)
}

fn is_zero(scalar: &Scalar) -> bool {
    *scalar == Scalar::ZERO
}

/// The work ahead, in G1 points; the variables that A and B leave out count as if they were in.
fn plan(shape: &Shape) -> u64 {
    let synthesis = shape.constraints as f64 * (COUNT_WEIGHT + EVALUATE_WEIGHT);
    let variables = (shape.inputs + shape.aux) as u64;
    let points = (shape.domain() - 1 + shape.aux) as u64 + variables * (2 + G2_WEIGHT);
    synthesis as u64 + points
}

/// β·u + α·v + w.
fn combine(toxic: &ToxicWaste, u: &Scalar, v: &Scalar, w: &Scalar) -> Scalar {
    *toxic.beta * u + *toxic.alpha * v + w
}

fn verifying_key(
    toxic: &ToxicWaste,
    evaluations: &Evaluations,
    g1: &Table<G1>,
    g2: &Table<G2>,
) -> Result<Vec<u8>> {
    let [u, v, w] = &evaluations.inputs;
    let mut ic = Secret::new(Vec::with_capacity(u.len()));
    for i in 0..u.len() {
        ic.push(combine(toxic, &u[i], &v[i], &w[i]) * *toxic.gamma_inverse);
    }
    ensure!(!ic.iter().any(is_zero), "an input is not constrained");
    let mut key = Vec::new();
    key.extend(serialised(g1, &[*toxic.alpha, *toxic.beta]));
    key.extend(serialised(g2, &[*toxic.beta, *toxic.gamma]));
    key.extend(serialised(g1, &[*toxic.delta]));
    key.extend(serialised(g2, &[*toxic.delta]));
    key.extend(u32::try_from(ic.len())?.to_be_bytes());
    key.extend(serialised(g1, &ic));
    Ok(key)
}

fn serialised<G: Group>(table: &Table<G>, scalars: &[Scalar]) -> Vec<u8> {
    let mut bytes = vec![0; scalars.len() * G::SERIALISED];
    for (point, out) in table
        .multiply(scalars)
        .iter()
        .zip(bytes.chunks_mut(G::SERIALISED))
    {
        G::serialise(point, out);
    }
    bytes
}

/// Writes a list of points: its length, then the multiples by the scalars of `0..positions`.
///
/// `scalars` gives those of a range of positions, which may be fewer than the positions but come
/// to `expected` in all. A writer thread takes the bytes, so that computing never waits for the
/// disk while it keeps up.
fn write_points<G: Group>(
    out: &mut (impl Write + Send),
    table: &Table<G>,
    positions: usize,
    weight: u64,
    meter: &Meter,
    expected: usize,
    scalars: impl Fn(std::ops::Range<usize>) -> Vec<Scalar> + Sync,
) -> Result<()> {
    out.write_all(&u32::try_from(expected)?.to_be_bytes())?;
    let (send, receive) = sync_channel::<Vec<Vec<u8>>>(2);
    let written = std::thread::scope(|scope| -> Result<u64> {
        let writer = scope.spawn(move || -> std::io::Result<u64> {
            let mut written = 0;
            for block in receive {
                for bytes in block {
                    out.write_all(&bytes)?;
                    written += bytes.len() as u64;
                }
            }
            Ok(written)
        });
        for start in (0..positions).step_by(BLOCK) {
            let end = (start + BLOCK).min(positions);
            let block: Result<Vec<Vec<u8>>> = (start..end)
                .step_by(BATCH)
                .collect::<Vec<_>>()
                .into_par_iter()
                .map(|from| {
                    let scalars = Secret::new(scalars(from..(from + BATCH).min(end)));
                    ensure!(
                        !scalars.iter().any(is_zero),
                        "the circuit has a variable that no constraint binds"
                    );
                    Ok(serialised(table, &scalars))
                })
                .collect();
            if send.send(block?).is_err() {
                break; // The writer failed and says why below.
            }
            meter.advance((end - start) as u64 * weight);
        }
        drop(send);
        let written = writer.join().map_err(|_| anyhow!("the writer panicked"))?;
        Ok(written?)
    })?;
    ensure!(
        written == (expected * G::SERIALISED) as u64,
        "wrote {written} bytes of {expected} points"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bellperson::groth16::{
        create_random_proof, prepare_verifying_key, verify_proof, Parameters, VerifyingKey,
    };
    use bellperson::{ConstraintSystem, SynthesisError};
    use blstrs::Bls12;

    /// Knows the factors x and y of a public product, with an input that no constraint uses, an
    /// auxiliary variable that A alone uses, and coefficients other than one.
    #[derive(Clone)]
    struct Factors {
        values: Option<(u64, u64)>,
        links: usize,
    }

    impl Circuit<Scalar> for Factors {
        fn synthesize<CS: ConstraintSystem<Scalar>>(
            self,
            cs: &mut CS,
        ) -> Result<(), SynthesisError> {
            let (x_value, y_value) = match self.values {
                Some((x, y)) => (Some(Scalar::from(x)), Some(Scalar::from(y))),
                None => (None, None),
            };
            let missing = SynthesisError::AssignmentMissing;
            let x = cs.alloc(|| "x", || x_value.ok_or(missing))?;
            let missing = SynthesisError::AssignmentMissing;
            let y = cs.alloc(|| "y", || y_value.ok_or(missing))?;
            let product = x_value.zip(y_value).map(|(x, y)| x * y);
            let missing = SynthesisError::AssignmentMissing;
            let public = cs.alloc_input(|| "product", || product.ok_or(missing))?;
            cs.alloc_input(|| "idle", || Ok(Scalar::from(5)))?;
            cs.enforce(|| "xy", |lc| lc + x, |lc| lc + y, |lc| lc + public);
            // A chain of z' = (3z + 1) · x makes the domain larger than one batch.
            let (mut last, mut last_value) = (x, x_value);
            for link in 0..self.links {
                let three = Scalar::from(3);
                let value = last_value
                    .zip(x_value)
                    .map(|(z, x)| (three * z + Scalar::ONE) * x);
                let next = cs.alloc(
                    || format!("link {link}"),
                    || value.ok_or(SynthesisError::AssignmentMissing),
                )?;
                cs.enforce(
                    || format!("step {link}"),
                    |lc| lc + (three, last) + CS::one(),
                    |lc| lc + x,
                    |lc| lc + next,
                );
                (last, last_value) = (next, value);
            }
            Ok(())
        }
    }

    fn generated(links: usize) -> (Vec<u8>, Vec<u8>, u64) {
        let quiet = |_| ();
        let meter = Meter::new(&quiet);
        let (mut bytes, mut announced) = (Vec::new(), 0);
        let blank = || Factors {
            values: None,
            links,
        };
        let key = generate(blank, &mut bytes, &meter, |size| {
            announced = size;
            Ok(())
        })
        .expect("parameters");
        (bytes, key, announced)
    }

    #[test]
    fn the_unpatched_prover_and_verifier_accept_them() {
        for links in [0, 1, 3000] {
            let (bytes, key, announced) = generated(links);
            assert_eq!(bytes.len() as u64, announced);
            // "Checked" reading verifies that every point is in its group and not infinity.
            let parameters = Parameters::<Bls12>::read(&bytes[..], true).expect("readable");
            let verifying = VerifyingKey::<Bls12>::read(&key[..]).expect("readable");
            assert_eq!(verifying, parameters.vk);
            let prepared = prepare_verifying_key(&verifying);
            let circuit = Factors {
                values: Some((6, 7)),
                links,
            };
            let proof = create_random_proof(circuit, &parameters, &mut OsRng).expect("a proof");
            let accepts = |product: u64, idle: u64| {
                let inputs = [Scalar::from(product), Scalar::from(idle)];
                verify_proof(&prepared, &proof, &inputs).expect("verifiable")
            };
            assert!(accepts(42, 5));
            assert!(!accepts(43, 5), "another product");
            assert!(!accepts(42, 6), "another value of the input that nothing uses");
        }
    }

    #[test]
    fn two_sets_differ() {
        assert_ne!(generated(1).1, generated(1).1);
    }

    #[test]
    fn agrees_with_the_stock_generator() {
        use blstrs::{G1Projective, G2Projective};
        use group::Group as _;
        let (random, links) = (|| Scalar::random(OsRng), 20);
        let (gamma, delta) = (random(), random());
        let toxic = ToxicWaste {
            alpha: Secret::new(random()),
            beta: Secret::new(random()),
            tau: Secret::new(random()),
            gamma_inverse: Secret::new(gamma.invert().expect("not zero")),
            delta_inverse: Secret::new(delta.invert().expect("not zero")),
            gamma: Secret::new(gamma),
            delta: Secret::new(delta),
        };
        let blank = || Factors {
            values: None,
            links,
        };
        let stock = bellperson::groth16::generate_parameters::<Bls12, _>(
            blank(),
            G1Projective::generator(),
            G2Projective::generator(),
            *toxic.alpha,
            *toxic.beta,
            gamma,
            delta,
            *toxic.tau,
        )
        .expect("stock parameters");
        let mut expected = Vec::new();
        stock.write(&mut expected).expect("written");
        let quiet = |_| ();
        let mut got = Vec::new();
        generate_from(&toxic, blank, &mut got, &Meter::new(&quiet), |_| Ok(())).expect("parameters");
        assert!(got == expected, "the files differ");
    }

    #[test]
    fn a_variable_without_constraint_is_refused() {
        struct Loose;
        impl Circuit<Scalar> for Loose {
            fn synthesize<CS: ConstraintSystem<Scalar>>(
                self,
                cs: &mut CS,
            ) -> Result<(), SynthesisError> {
                cs.alloc(|| "loose", || Ok(Scalar::ONE))?;
                Ok(())
            }
        }
        let quiet = |_| ();
        let error = generate(|| Loose, &mut Vec::new(), &Meter::new(&quiet), |_| Ok(()));
        assert!(error.expect_err("refused").to_string().contains("no constraint binds"));
    }
}
