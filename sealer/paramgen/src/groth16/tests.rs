//! Generated parameters under the unpatched prover, and beside the stock generator's.

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
    fn synthesize<CS: ConstraintSystem<Scalar>>(self, cs: &mut CS) -> Result<(), SynthesisError> {
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
        assert!(
            !accepts(42, 6),
            "another value of the input that nothing uses"
        );
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
    assert!(error
        .expect_err("refused")
        .to_string()
        .contains("no constraint binds"));
}
