//! A client and worker that says what was acknowledged, as lines of text; and the check that a store still has it.

use std::fmt;
use std::str::FromStr;

use opmill_store::{
    DeliveryState, Event, ItemIndex, JobId, JobState, NewJob, Store, StoreError, WorkerId,
};

use crate::common::{ALL_DONE, LEASE, done};

/// Something the store has answered for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ack {
    Enqueued(JobId),
    Claimed(JobId, u64),
    Recorded(JobId, u32),
    Finished(JobId),
    Delivered(JobId),
}

impl Ack {
    pub fn job(&self) -> JobId {
        match self {
            Self::Enqueued(job)
            | Self::Claimed(job, _)
            | Self::Recorded(job, _)
            | Self::Finished(job)
            | Self::Delivered(job) => *job,
        }
    }
}

impl fmt::Display for Ack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Enqueued(job) => write!(f, "ack enqueued {job} 0"),
            Self::Claimed(job, fence) => write!(f, "ack claimed {job} {fence}"),
            Self::Recorded(job, index) => write!(f, "ack recorded {job} {index}"),
            Self::Finished(job) => write!(f, "ack finished {job} 0"),
            Self::Delivered(job) => write!(f, "ack delivered {job} 0"),
        }
    }
}

impl FromStr for Ack {
    type Err = ();

    fn from_str(line: &str) -> Result<Ack, ()> {
        let words: Vec<_> = line.split_whitespace().collect();
        let ["ack", verb, job, number] = words[..] else {
            return Err(());
        };
        let (job, number): (JobId, u64) =
            (job.parse().map_err(drop)?, number.parse().map_err(drop)?);
        match verb {
            "enqueued" => Ok(Self::Enqueued(job)),
            "claimed" => Ok(Self::Claimed(job, number)),
            "recorded" => Ok(Self::Recorded(job, u32::try_from(number).map_err(drop)?)),
            "finished" => Ok(Self::Finished(job)),
            "delivered" => Ok(Self::Delivered(job)),
            _ => Err(()),
        }
    }
}

/// The spec of the `n`th job of a client; some of them longer than one part.
fn spec(n: usize) -> String {
    format!("spec {}", "x".repeat(n * 997 % 9000))
}

/// Runs jobs from submission to delivery for as long as `acknowledge` says that the client is still there.
pub fn run_client(store: &Store, acknowledge: impl Fn(Ack) -> bool) {
    for n in 0.. {
        if !run_job(store, n, &acknowledge) {
            return;
        }
    }
}

fn run_job(store: &Store, n: usize, acknowledge: &impl Fn(Ack) -> bool) -> bool {
    let job = store
        .enqueue(NewJob {
            commands: 2,
            spec: spec(n),
            ..NewJob::default()
        })
        .unwrap();
    if !acknowledge(Ack::Enqueued(job.id)) {
        return false;
    }
    let Some((lease, job)) = store.claim(&WorkerId::new("client"), LEASE).unwrap() else {
        return true;
    };
    if !acknowledge(Ack::Claimed(job.id, lease.fence)) {
        return false;
    }
    match store.record_item(&lease, done(0), None) {
        // By an attempt that a crash cut short.
        Ok(()) | Err(StoreError::AlreadyRecorded { .. }) => {}
        Err(error) => panic!("{error}"),
    }
    if !acknowledge(Ack::Recorded(job.id, 0)) {
        return false;
    }
    store
        .finish(
            &lease,
            Event::Succeeded,
            vec![done(1)],
            vec![ALL_DONE],
            None,
        )
        .unwrap();
    if !acknowledge(Ack::Finished(job.id)) || !acknowledge(Ack::Recorded(job.id, 1)) {
        return false;
    }
    for delivery in store.deliveries(job.id).unwrap() {
        store.delivered(delivery.id).unwrap();
    }
    acknowledge(Ack::Delivered(job.id))
}

/// Panics when the store lacks something of what was acknowledged, or says more than can be.
pub fn check(store: &Store, acknowledged: &[Ack]) {
    for ack in acknowledged {
        let id = ack.job();
        let job = store
            .job(id)
            .unwrap()
            .unwrap_or_else(|| panic!("lost: {ack}"));
        assert!(job.spec.starts_with("spec "), "{ack}");
        let holds = match *ack {
            Ack::Enqueued(_) => true,
            Ack::Claimed(_, fence) => job.fence >= fence,
            Ack::Recorded(_, index) => store
                .items(id)
                .unwrap()
                .iter()
                .any(|item| item.index == ItemIndex(index)),
            Ack::Finished(_) => {
                job.state == JobState::Completed && store.deliveries(id).unwrap().len() == 1
            }
            Ack::Delivered(_) => {
                let deliveries = store.deliveries(id).unwrap();
                deliveries
                    .iter()
                    .all(|delivery| matches!(delivery.state, DeliveryState::Delivered { .. }))
            }
        };
        assert!(holds, "lost: {ack}, the job is {job:?}");
    }
    let jobs = store.jobs(None, usize::MAX).unwrap();
    let available = jobs
        .iter()
        .filter(|job| job.state == JobState::Available)
        .count();
    let completed = jobs
        .iter()
        .filter(|job| job.state == JobState::Completed)
        .count();
    assert_eq!(
        available + completed,
        jobs.len(),
        "no attempt outlives its process"
    );
    let counts = store.counts().unwrap();
    assert_eq!(
        (counts.available, counts.completed),
        (available, completed),
        "the indexes agree with the jobs"
    );
    assert_eq!(
        store.due_deliveries(usize::MAX).unwrap().len(),
        counts.deliveries_due
    );
}
