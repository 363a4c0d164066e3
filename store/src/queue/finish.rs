//! finish: ends an attempt. State, last results and owed notifications commit together: a crash in between would
//! lose a notification, or send one for a job that runs again.

use std::thread;

use crate::Store;
use crate::error::StoreError;
use crate::history::Mishap;
use crate::items::{Item, NewItem};
use crate::limits::{LONGEST_TEXT, fits, short};
use crate::outbox::Owed;
use crate::state::{Event, IllegalTransition, JobState, Lease};
use crate::trees::Name;

impl Store {
    /// Ends the attempt under `lease` with `event` (`Succeeded`, `Failed`, `Interrupted` or `Cancelled`), recording
    /// its last results, the notifications that are now owed, and what went wrong. Returns the job's new state.
    ///
    /// `Interrupted` gives the attempt back: it does not count. While another thread publishes under the lease
    /// ([`while_held`](Store::while_held)), this waits for it.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`], [`StoreError::AlreadyRecorded`], [`StoreError::Illegal`]: then nothing is kept.
    pub fn finish(
        &self,
        lease: &Lease,
        event: Event,
        last: Vec<NewItem>,
        owed: Vec<Owed>,
        error: Option<String>,
    ) -> Result<JobState, StoreError> {
        self.finish_with(lease, event, last, owed, error, Vec::new())
    }

    /// As [`Store::finish`], and keeps in the job's [history](Store::history) what the attempt could not do, for each
    /// command that it could not do it for.
    pub fn finish_with(
        &self,
        lease: &Lease,
        event: Event,
        last: Vec<NewItem>,
        owed: Vec<Owed>,
        error: Option<String>,
        mishaps: Vec<Mishap>,
    ) -> Result<JobState, StoreError> {
        if !matches!(
            event,
            Event::Succeeded | Event::Failed(_) | Event::Interrupted | Event::Cancelled
        ) {
            // The table knows these for a running job, or may one day; a worker has no say in them.
            return Err(IllegalTransition {
                from: JobState::Running(lease.clone()),
                event,
            }
            .into());
        }
        last.iter()
            .try_for_each(|item| fits("the item's body", &item.body, LONGEST_TEXT))?;
        let error = error.map(short);
        let text = last.iter().map(|item| item.body.len()).sum();
        let writer = loop {
            let writer = self.writer_of(text)?;
            match writer.publishing.get(&lease.job) {
                None => break writer,
                Some(threads) if threads.contains(&thread::current().id()) => {
                    return Err(StoreError::Publishing { job: lease.job });
                }
                Some(_) => drop(self.inner.published.wait(writer.give_up())),
            }
        };
        let now = self.now();
        self.commit(writer, |tx| {
            let job = tx.held(lease)?;
            for item in &last {
                tx.add_item(job.id, &Item::new(item, job.attempts, now))?;
            }
            for owed in &owed {
                tx.owe(job.id, owed, now)?;
            }
            let mut ended = job
                .clone()
                .apply(event.clone(), now)
                .map_err(StoreError::from)?;
            if error.is_some() {
                ended.last_error = error.clone();
            }
            if !mishaps.is_empty() {
                let mut history = tx.history(job.id)?;
                history.failed(&job, &mishaps, now);
                tx.put_history(job.id, &history)?;
            }
            // How far an attempt was that is given back still tells something.
            if event != Event::Interrupted {
                tx.remove_document(Name::Activity, &job.id.0)?;
            }
            tx.remove_lease(job.id)?;
            tx.replace_job(&job, &ended)?;
            Ok(ended.state)
        })
    }
}
