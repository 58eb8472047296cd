//! The GPU as the library sees it. The library falls back to the CPU without an error: what it
//! logs then is the only trace, and the logger hands it to [`note_log_line`].

use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

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
            uuid: match device.unique_id() {
                rust_gpu_tools::UniqueId::Uuid(uuid) => Some(uuid.to_string()),
                rust_gpu_tools::UniqueId::PciId(_) => None,
            },
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
    let devices = devices();
    if devices.is_empty() {
        return Err(lost("the library sees no GPU".to_string()));
    }
    require_alive(&devices)
}

/// The library reads its list of devices once per process, so a GPU that falls off the bus later
/// stays in it: where NVIDIA's tool is there, it has the last word.
fn require_alive(devices: &[Device]) -> Outcome<()> {
    let Some(listing) = nvidia_listing() else {
        return Ok(());
    };
    match first_gone(devices, &listing) {
        Some(uuid) => Err(lost(format!("GPU {uuid} is no longer there"))),
        None => Ok(()),
    }
}

/// The first device with a UUID that `nvidia-smi -L` does not list.
fn first_gone<'a>(devices: &'a [Device], listing: &str) -> Option<&'a str> {
    devices
        .iter()
        .filter_map(|device| device.uuid.as_deref())
        .find(|uuid| !listing.contains(*uuid))
}

/// What `nvidia-smi -L` prints; empty when it fails or hangs, as it does beside a dead GPU.
/// None where the tool is not installed.
fn nvidia_listing() -> Option<String> {
    const PATIENCE: Duration = Duration::from_secs(10);
    let mut child = Command::new("nvidia-smi")
        .arg("-L")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        if let Ok(Some(status)) = child.try_wait() {
            let mut text = String::new();
            let read = child
                .stdout
                .take()
                .map(|mut out| out.read_to_string(&mut text));
            let complete = status.success() && matches!(read, Some(Ok(_)));
            return Some(if complete { text } else { String::new() });
        }
        thread::sleep(Duration::from_millis(20));
    }
    let _ = child.kill();
    Some(String::new())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(not(any(feature = "cuda", feature = "opencl")))]
    #[test]
    fn a_required_gpu_is_never_replaced_by_the_cpu() {
        assert_eq!(require().unwrap_err().code, Code::GpuLost);
    }

    #[test]
    fn a_device_that_is_no_longer_listed_is_gone() {
        let device = |uuid: Option<&str>| Device {
            name: "GPU".to_string(),
            memory_bytes: 1,
            uuid: uuid.map(str::to_string),
        };
        let listing = "GPU 0: NVIDIA H200 (UUID: GPU-46abccd6-022e-b783-572d-833f7104d05f)\n";
        let there = device(Some("46abccd6-022e-b783-572d-833f7104d05f"));
        let gone = device(Some("a0000000-022e-b783-572d-833f7104d05f"));
        assert_eq!(first_gone(&[there.clone(), device(None)], listing), None);
        assert_eq!(
            first_gone(&[there.clone(), gone.clone()], listing),
            gone.uuid.as_deref()
        );
        assert_eq!(
            first_gone(std::slice::from_ref(&there), ""),
            there.uuid.as_deref()
        );
    }
}
