//! Who waits for which job. A job's watchers are woken whenever its state or one of its deliveries changed; they look
//! at the store then, so a wake-up too many costs a read and one is never missed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use opmill_store::JobId;
use tokio::sync::Notify;

use crate::lock::lock;

#[derive(Debug, Default)]
pub(crate) struct Watchers(Mutex<HashMap<JobId, Arc<Notify>>>);

/// One watcher of one job.
pub(crate) struct Watch<'a> {
    watchers: &'a Watchers,
    job: JobId,
    /// Woken by [`Watchers::changed`].
    pub bell: Arc<Notify>,
}

impl Watchers {
    pub fn watch(&self, job: JobId) -> Watch<'_> {
        let bell = Arc::clone(lock(&self.0).entry(job).or_default());
        Watch {
            watchers: self,
            job,
            bell,
        }
    }

    pub fn changed(&self, job: JobId) {
        if let Some(bell) = lock(&self.0).get(&job) {
            bell.notify_waiters();
        }
    }

    /// The engine is closed: nothing changes any more, and everyone is to see that.
    pub fn all_changed(&self) {
        lock(&self.0)
            .values()
            .for_each(|bell| bell.notify_waiters());
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let mut bells = lock(&self.watchers.0);
        // The map's own and this one: nobody else watches.
        if Arc::strong_count(&self.bell) == 2 {
            bells.remove(&self.job);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn every_watcher_is_woken_and_the_last_one_tidies_up() {
        let job = "0123456789abffffffffffffffffffffffff".parse().unwrap();
        let watchers = Watchers::default();
        let (first, second) = (watchers.watch(job), watchers.watch(job));
        {
            let (mut one, mut two) = (
                Box::pin(first.bell.notified()),
                Box::pin(second.bell.notified()),
            );
            assert!(one.as_mut().now_or_never().is_none() && two.as_mut().now_or_never().is_none());
            watchers.changed(job);
            assert!(one.now_or_never().is_some() && two.now_or_never().is_some());
        }
        drop(first);
        assert_eq!(lock(&watchers.0).len(), 1);
        drop(second);
        assert!(lock(&watchers.0).is_empty());
    }
}
