//! Values that would let their holder forge proofs, overwritten when dropped.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{compiler_fence, Ordering};

/// Plain data that a secret may consist of, and what overwrites it.
pub trait Wipe {
    fn wipe(&mut self);
}

fn wipe_slice<T: Copy>(slice: &mut [T], blank: T) {
    for value in slice.iter_mut() {
        // Safety: `value` is a valid, aligned, exclusive reference; volatile so that the
        // write to memory about to be freed is not optimised away.
        unsafe { std::ptr::write_volatile(value, blank) };
    }
    compiler_fence(Ordering::SeqCst);
}

impl Wipe for blstrs::Scalar {
    fn wipe(&mut self) {
        wipe_slice(std::slice::from_mut(self), blstrs::Scalar::from(0));
    }
}

impl Wipe for Vec<blstrs::Scalar> {
    fn wipe(&mut self) {
        wipe_slice(self, blstrs::Scalar::from(0));
    }
}

impl Wipe for Vec<i32> {
    fn wipe(&mut self) {
        wipe_slice(self, 0);
    }
}

impl Wipe for [u8; 32] {
    fn wipe(&mut self) {
        wipe_slice(self, 0);
    }
}

/// Owns a secret and wipes it on drop.
///
/// Copies that the compiler keeps in registers or spilled stack slots are beyond it, as is a
/// vector that grows by reallocation: secret vectors are therefore allocated at their full size.
pub struct Secret<T: Wipe>(T);

impl<T: Wipe> Secret<T> {
    pub fn new(value: T) -> Self {
        Secret(value)
    }
}

impl<T: Wipe> Deref for Secret<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Wipe> DerefMut for Secret<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Wipe> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.wipe();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wiping_overwrites_every_element() {
        let mut scalars = vec![blstrs::Scalar::from(7); 5];
        scalars.wipe();
        assert_eq!(scalars, vec![blstrs::Scalar::from(0); 5]);
        let mut bytes = [9u8; 32];
        bytes.wipe();
        assert_eq!(bytes, [0; 32]);
    }
}
