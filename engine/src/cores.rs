//! One budget of cores for all running jobs: how many threads the codecs of the next job may use.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The budget.
#[derive(Debug)]
pub(crate) struct Cores {
    total: usize,
    taken: Arc<AtomicUsize>,
}

/// A job's part of it, given back when dropped.
#[derive(Debug)]
pub(crate) struct Share {
    threads: usize,
    taken: Arc<AtomicUsize>,
}

impl Cores {
    pub fn new(total: usize) -> Self {
        Self {
            total,
            taken: Arc::default(),
        }
    }

    /// The part of a job when `claimants` jobs, it included, are running or could be: an equal one of the total, cut
    /// to what is free, at least one thread.
    pub fn share(&self, claimants: usize) -> Share {
        let equal = self.total / claimants.max(1);
        let mut threads = 1;
        // The closure always returns Some, so the update always happens.
        let _ = self
            .taken
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |taken| {
                threads = equal.min(self.total.saturating_sub(taken)).max(1);
                Some(taken + threads)
            });
        Share {
            threads,
            taken: Arc::clone(&self.taken),
        }
    }
}

impl Share {
    pub fn threads(&self) -> usize {
        self.threads
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.taken.fetch_sub(self.threads, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_job_gets_all_and_many_get_one_each() {
        let cores = Cores::new(8);
        let alone = cores.share(1);
        assert_eq!(alone.threads(), 8);
        let late = cores.share(2);
        assert_eq!(late.threads(), 1, "nothing is free, and yet it runs");
        drop((alone, late));
        let many: Vec<Share> = (0..8).map(|_| cores.share(8)).collect();
        assert!(many.iter().all(|share| share.threads() == 1));
        drop(many);
        assert_eq!(
            [3, 0, 20].map(|claimants| cores.share(claimants).threads()),
            [2, 8, 1]
        );
    }
}
