//! The GPU as the library sees it. The library falls back to the CPU without an error: what it
//! logs then is the only trace, and the logger hands it to [`note_log_line`].

use std::sync::Mutex;

use serde::Serialize;

use crate::error::{Code, Outcome, SealError};
use crate::lock::guard;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Device {
    pub name: String,
    pub memory_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
}

/// Whether this build can use a GPU at all.
pub const BUILT: bool = cfg!(any(feature = "cuda", feature = "opencl"));

#[cfg(any(feature = "cuda", feature = "opencl"))]
pub fn devices() -> Vec<Device> {
    rust_gpu_tools::Device::all()
        .into_iter()
        .map(|device| Device {
            name: device.name(),
            memory_bytes: device.memory(),
            uuid: device.uuid().map(|uuid| uuid.to_string()),
        })
        .collect()
}

#[cfg(not(any(feature = "cuda", feature = "opencl")))]
pub fn devices() -> Vec<Device> {
    Vec::new()
}

/// bellperson's own switch (`BELLMAN_NO_GPU`: any value but `0` disables).
pub fn switched_off() -> bool {
    std::env::var("BELLMAN_NO_GPU").is_ok_and(|value| value != "0")
}

/// Fails with `gpu_lost` unless a computation started now would find a GPU.
pub fn require() -> Outcome<()> {
    if !BUILT {
        return Err(lost("this build has no GPU support".to_string()));
    }
    if switched_off() {
        return Err(lost("BELLMAN_NO_GPU is set".to_string()));
    }
    if devices().is_empty() {
        return Err(lost("the library sees no GPU".to_string()));
    }
    Ok(())
}

pub fn lost(message: String) -> SealError {
    SealError::new(Code::GpuLost, message)
}

static FALLBACKS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Called by the logger with every warning and error of the library.
pub fn note_log_line(message: &str) {
    // storage-proofs-porep (tree builders), bellperson (FFT and multiexp kernels).
    const FALLBACK: &[&str] = &[
        "alling back to CPU",
        "Cannot instantiate GPU",
        "No working GPUs found",
    ];
    if BUILT && FALLBACK.iter().any(|needle| message.contains(needle)) {
        guard(&FALLBACKS).push(message.to_string());
    }
}

/// How many fall-backs have been logged so far.
pub fn fallbacks() -> usize {
    guard(&FALLBACKS).len()
}

/// Those logged after `count`.
pub fn fallbacks_since(count: usize) -> Vec<String> {
    guard(&FALLBACKS).get(count..).unwrap_or_default().to_vec()
}

#[cfg(all(test, not(any(feature = "cuda", feature = "opencl"))))]
mod tests {
    use super::*;

    #[test]
    fn a_required_gpu_is_never_replaced_by_the_cpu() {
        assert_eq!(require().unwrap_err().code, Code::GpuLost);
    }
}
