//! while_held: publishes an output under a lease. A worker that lost its lease must not replace what the next one
//! published, and the check is worth nothing if the lease can end between it and the publication.

use std::thread::{self, ThreadId};

use crate::Store;
use crate::error::StoreError;
use crate::id::JobId;
use crate::jobs::JobRecord;
use crate::state::Lease;
use crate::trees::Name;

impl Store {
    /// Runs `publish` while `lease` is held, and returns what it returned. Until then no rescue takes the job back,
    /// however late it is, a cancellation stays a request, and nobody else can claim it. Other verbs go on.
    ///
    /// Keep `publish` to the step that makes an output visible (a rename, a conditional put). It must not
    /// [`finish`](Store::finish) the job; that is refused.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`], and `publish` is not run, when the lease is lost already.
    pub fn while_held<T>(
        &self,
        lease: &Lease,
        publish: impl FnOnce() -> T,
    ) -> Result<T, StoreError> {
        let hold = {
            let mut writer = self.writer()?;
            let job: Option<JobRecord> = self.inner.trees.get(Name::Jobs, &lease.job.0)?;
            if !job.is_some_and(|job| job.is_held_by(lease)) {
                return Err(StoreError::LeaseLost {
                    job: lease.job,
                    fence: lease.fence,
                });
            }
            let thread = thread::current().id();
            writer.publishing.entry(lease.job).or_default().push(thread);
            Hold {
                store: self,
                job: lease.job,
                thread,
            }
        };
        let published = publish();
        drop(hold);
        Ok(published)
    }
}

/// Ends the hold, also when `publish` panics.
struct Hold<'a> {
    store: &'a Store,
    job: JobId,
    thread: ThreadId,
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        let mut writer = self.store.quiet();
        if let Some(threads) = writer.publishing.get_mut(&self.job) {
            if let Some(place) = threads.iter().position(|thread| *thread == self.thread) {
                threads.swap_remove(place);
            }
            if threads.is_empty() {
                writer.publishing.remove(&self.job);
            }
        }
        drop(writer);
        self.store.inner.published.notify_all();
    }
}
