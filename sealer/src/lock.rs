//! Mutexes whose state stays usable after a panic: every critical section here only moves plain
//! values, so a poisoned lock holds nothing broken.

use std::sync::{Mutex, MutexGuard, PoisonError};

pub fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
