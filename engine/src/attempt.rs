//! An attempt at a job while it runs: its lease, and the word to stop. Held by the worker, reached by `cancel` and
//! `shutdown` through [`Running`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use opmill_ops::Cancel;
use opmill_store::{JobId, Lease, Verdict};
use tokio::sync::watch;

use crate::lock::lock;
use crate::progress::Readings;

/// Why an attempt ends before its work does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Someone cancelled the job.
    Cancelled,
    /// The engine shuts down; the attempt is given back.
    Interrupted,
    /// The job is no longer ours: nothing may be recorded or published.
    LeaseLost,
}

/// A running attempt.
#[derive(Debug)]
pub(crate) struct Attempt {
    lease: Mutex<Lease>,
    /// Heard by the media threads.
    pub cancel: Cancel,
    /// How many jobs like this one there is room for, itself included.
    pub company: usize,
    /// How far its commands are.
    pub progress: Arc<Readings>,
    stop: watch::Sender<Option<Stop>>,
}

impl Attempt {
    pub fn new(lease: Lease, company: usize) -> Self {
        Self {
            lease: Mutex::new(lease),
            cancel: Cancel::new(),
            company,
            progress: Arc::default(),
            stop: watch::Sender::new(None),
        }
    }

    /// The lease as last renewed.
    pub fn lease(&self) -> Lease {
        lock(&self.lease).clone()
    }

    /// Takes the answer to a heartbeat.
    pub fn heard(&self, verdict: Verdict) {
        let (Verdict::Held(lease) | Verdict::CancelRequested(lease)) = &verdict;
        *lock(&self.lease) = lease.clone();
        if let Verdict::CancelRequested(_) = verdict {
            self.stop(Stop::Cancelled);
        }
    }

    /// Asks the attempt to stop. The first reason stands, but a lost lease overrules every other.
    pub fn stop(&self, reason: Stop) {
        self.stop.send_if_modified(|stop| {
            let overrules = stop.is_none() || (reason == Stop::LeaseLost && *stop != Some(reason));
            if overrules {
                *stop = Some(reason);
            }
            overrules
        });
        self.cancel.cancel();
    }

    /// Why the attempt is to stop, if it is.
    pub fn stopped(&self) -> Option<Stop> {
        *self.stop.borrow()
    }

    /// Completes when the attempt is to stop.
    pub async fn stopping(&self) {
        // The sender is in self, so it outlives the wait.
        let _ = self.stop.subscribe().wait_for(Option::is_some).await;
    }
}

/// The attempts of this process.
#[derive(Debug, Default)]
pub(crate) struct Running(Mutex<HashMap<JobId, Arc<Attempt>>>);

impl Running {
    /// Lists an attempt until the guard is dropped.
    pub fn enter(&self, job: JobId, attempt: Arc<Attempt>) -> Entered<'_> {
        lock(&self.0).insert(job, Arc::clone(&attempt));
        Entered {
            running: self,
            job,
            attempt,
        }
    }

    /// Asks the attempt at a job to stop, if one is running here.
    pub fn stop(&self, job: JobId, reason: Stop) {
        self.get(job)
            .into_iter()
            .for_each(|attempt| attempt.stop(reason));
    }

    /// Asks all of them.
    pub fn stop_all(&self, reason: Stop) {
        self.all().iter().for_each(|attempt| attempt.stop(reason));
    }

    /// The attempt at a job, if one is running here.
    pub fn get(&self, job: JobId) -> Option<Arc<Attempt>> {
        lock(&self.0).get(&job).cloned()
    }

    pub fn all(&self) -> Vec<Arc<Attempt>> {
        lock(&self.0).values().cloned().collect()
    }

    /// Takes an attempt off the list while it goes on: its lease is no longer kept.
    pub fn forget(&self, job: JobId) {
        lock(&self.0).remove(&job);
    }

    pub fn lists(&self, attempt: &Attempt) -> bool {
        let job = lock(&attempt.lease).job;
        lock(&self.0)
            .get(&job)
            .is_some_and(|listed| std::ptr::eq(&**listed, attempt))
    }

    pub fn count(&self) -> usize {
        lock(&self.0).len()
    }
}

/// Takes the attempt off the list when it ends, and stops its media threads should it end by being dropped.
pub(crate) struct Entered<'a> {
    running: &'a Running,
    job: JobId,
    attempt: Arc<Attempt>,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.attempt.cancel.cancel();
        let mut attempts = lock(&self.running.0);
        // A stale attempt must not take its successor off the list.
        if attempts
            .get(&self.job)
            .is_some_and(|listed| Arc::ptr_eq(listed, &self.attempt))
        {
            attempts.remove(&self.job);
        }
    }
}

#[cfg(test)]
mod tests {
    use opmill_store::UnixMillis;

    use super::*;

    fn attempt(fence: u64) -> (JobId, Arc<Attempt>) {
        let job = "0123456789abffffffffffffffffffffffff".parse().unwrap();
        (
            job,
            Arc::new(Attempt::new(
                Lease {
                    job,
                    fence,
                    expires: UnixMillis::new(0),
                },
                1,
            )),
        )
    }

    #[test]
    fn the_first_reason_stands_unless_the_lease_is_lost() {
        use Stop::*;
        for (asked, expected) in [
            (&[Cancelled, Interrupted][..], Cancelled),
            (&[Interrupted, Cancelled], Interrupted),
            (&[Cancelled, LeaseLost], LeaseLost),
            (&[LeaseLost, Cancelled], LeaseLost),
        ] {
            let (_, attempt) = attempt(1);
            asked.iter().for_each(|reason| attempt.stop(*reason));
            assert_eq!(attempt.stopped(), Some(expected), "{asked:?}");
            assert!(attempt.cancel.is_cancelled());
        }
    }

    #[test]
    fn a_stale_attempt_leaves_its_successor_listed() {
        let running = Running::default();
        let ((job, first), (_, second)) = (attempt(1), attempt(2));
        let stale = running.enter(job, Arc::clone(&first));
        let current = running.enter(job, Arc::clone(&second));
        drop(stale);
        running.stop(job, Stop::Cancelled);
        assert_eq!(
            (first.stopped(), second.stopped()),
            (None, Some(Stop::Cancelled))
        );
        drop(current);
        assert_eq!(running.count(), 0);
    }
}
