//! What this build and machine can do.

use std::fs;

use serde_json::{json, Value};

use crate::gpu;
use crate::params;
use crate::values::SealProof;

/// Cargo features of this build.
pub fn features() -> Vec<&'static str> {
    [
        (cfg!(feature = "cuda"), "cuda"),
        (cfg!(feature = "opencl"), "opencl"),
        (cfg!(feature = "multicore-sdr"), "multicore-sdr"),
    ]
    .into_iter()
    .filter_map(|(built, name)| built.then_some(name))
    .collect()
}

pub fn capabilities() -> Value {
    let seal_proofs: Vec<u64> = (0..20)
        .filter(|number| SealProof::from_number(*number).is_some_and(SealProof::can_seal))
        .collect();
    json!({
        "cpu": {
            "model": cpu_info("model name").unwrap_or_default(),
            "logical": num_cpus::get(),
            "sha_extensions": cpu_info("flags")
                .is_some_and(|flags| flags.split(' ').any(|flag| flag == "sha_ni")),
        },
        "memory_bytes": memory_bytes(),
        "multicore_sdr": {
            "built": cfg!(feature = "multicore-sdr"),
            "enabled": cfg!(feature = "multicore-sdr") && is_set("FIL_PROOFS_USE_MULTICORE_SDR"),
        },
        "gpu": {
            "built": gpu::BUILT,
            "devices": gpu::devices(),
            "tree_builder": gpu::BUILT && is_set("FIL_PROOFS_USE_GPU_TREE_BUILDER"),
        },
        "parameter_cache": params::directory(),
        "parent_cache": params::parent_cache(),
        "seal_proofs": seal_proofs,
    })
}

/// As the library's settings read a switch.
fn is_set(variable: &str) -> bool {
    std::env::var(variable).is_ok_and(|value| value == "1" || value.eq_ignore_ascii_case("true"))
}

fn cpu_info(field: &str) -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        (name.trim() == field).then(|| value.trim().to_string())
    })
}

fn memory_bytes() -> u64 {
    let Ok(text) = fs::read_to_string("/proc/meminfo") else {
        return 0;
    };
    text.lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))
        .and_then(|rest| rest.trim().strip_suffix("kB"))
        .and_then(|number| number.trim().parse::<u64>().ok())
        .unwrap_or(0)
        * 1024
}
