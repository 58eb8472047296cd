//! Looking at a computation while it runs.

use std::sync::mpsc::{channel, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// Runs `compute` and meanwhile calls `poll` every `interval`, from another thread.
pub fn while_watching<T>(
    interval: Duration,
    poll: impl Fn() + Send,
    compute: impl FnOnce() -> T,
) -> T {
    thread::scope(|scope| {
        // Dropped at the end of the scope's body, also when `compute` panics.
        let (_stop, stopped) = channel::<()>();
        scope.spawn(move || {
            while stopped.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
                poll();
            }
        });
        compute()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn polls_until_the_computation_ends() {
        let polls = AtomicUsize::new(0);
        let result = while_watching(
            Duration::from_millis(1),
            || {
                polls.fetch_add(1, Ordering::SeqCst);
            },
            || {
                while polls.load(Ordering::SeqCst) < 2 {
                    thread::yield_now();
                }
                7
            },
        );
        assert_eq!(result, 7);
    }

    #[test]
    fn a_panic_ends_the_watch() {
        let caught = std::panic::catch_unwind(|| {
            while_watching(Duration::from_millis(1), || {}, || panic!("on purpose"))
        });
        assert!(caught.is_err());
    }
}
