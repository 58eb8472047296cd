//! Generation of Groth16 proof parameters for local networks.
