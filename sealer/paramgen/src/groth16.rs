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

/// What a point of G2 and a constraint's two syntheses take, in points of G1, measured on two
/// cores; they only weigh the progress reported.
const G2_WEIGHT: u64 = 3;
const COUNT_WEIGHT: f64 = 0.1;
const EVALUATE_WEIGHT: f64 = 0.2;

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
    let synthesis = |weight: f64, constraints: usize| (constraints as f64 * weight) as u64;
    let counted = synthesis(COUNT_WEIGHT, shape.constraints);
    let synthesised = counted + synthesis(EVALUATE_WEIGHT, shape.constraints);
    // Until it is known which variables A and B leave out, none do.
    let variables = shape.inputs + shape.aux;
    meter.set_total(synthesised + points(&shape, variables, variables));
    meter.set_done(counted);

    meter.phase("synthesise");
    let evaluations = {
        let lagrange = qap::lagrange_at(&toxic.tau, shape.domain())?;
        qap::evaluate(blank(), shape, &lagrange, |seen| {
            meter.set_done(counted + synthesis(EVALUATE_WEIGHT, seen));
        })?
    };
    meter.set_done(synthesised);
    let used = |which: usize| {
        let count = |values: &[Scalar]| values.par_iter().filter(|v| !is_zero(v)).count();
        count(&evaluations.inputs[which]) + count(&evaluations.aux[which])
    };
    let (a_count, b_count) = (used(0), used(1));
    meter.set_total(synthesised + points(&shape, a_count, b_count));

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
            // At its full size from the start: a vector that grows leaves copies behind.
            let mut scalars = Vec::with_capacity(range.len());
            scalars.extend(range.map(at).filter(|s| !is_zero(s)));
            scalars
        }
    };
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

/// The work of computing the file's points, in points of G1.
fn points(shape: &Shape, a_count: usize, b_count: usize) -> u64 {
    let in_g1 = shape.domain() - 1 + shape.aux + a_count + b_count;
    in_g1 as u64 + b_count as u64 * G2_WEIGHT
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
            let block = block?;
            let bytes: usize = block.iter().map(Vec::len).sum();
            if send.send(block).is_err() {
                break; // The writer failed and says why below.
            }
            meter.advance((bytes / G::SERIALISED) as u64 * weight);
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
mod tests;
