//! Which job may begin: one whose need fits into what is left of the machine. Asked by a worker before it claims.
//!
//! Jobs are looked at in the order of their turns. The first that does not fit waits, and smaller ones behind it may
//! pass; but after [`PASSES`] of them nobody does, until enough is free for it. A job that needs more than there is at
//! all counts as needing everything, and so runs alone.
//!
//! A process that dies takes every job with it that runs, and cannot say which was the reason. So of the jobs that went
//! down with their process [`SUSPECT`] times, one runs at a time: the next death tells on it alone.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use opmill_store::{Job, JobId, Lease, WorkerId};

use crate::config;
use crate::error::EngineError;
use crate::lock::lock;
use crate::need::{Candidate, Need};
use crate::place::Place;
use crate::shared::Shared;
use crate::spec::Spec;

/// Jobs that may pass one that waits for room.
const PASSES: u32 = 8;
/// Deaths of its process after which a job is suspected.
const SUSPECT: u32 = 2;
/// Jobs looked at behind the first.
const LOOKAHEAD: usize = 32;
/// Estimates remembered; the lookahead of every lane many times over.
const REMEMBERED: usize = 1024;

/// The budget of the machine, and who has how much of it.
pub(crate) struct Admission {
    total: Need,
    state: Arc<Mutex<State>>,
    /// One worker looks for a job at a time, so that two do not count on the same room.
    choosing: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    taken: Need,
    /// Jobs that were admitted and may not be claimed yet.
    admitted: HashSet<JobId>,
    /// The suspect that runs.
    suspect: Option<JobId>,
    /// The first job that did not fit, and how many passed it since.
    waiting: Option<(JobId, u32)>,
    estimates: HashMap<JobId, Need>,
}

/// A job's part of the budget, given back when dropped.
pub(crate) struct Grant {
    job: JobId,
    need: Need,
    total: Need,
    state: Arc<Mutex<State>>,
}

/// What becomes of a job that was looked at.
enum Answer {
    Go(Grant),
    /// Too large for now; others may be looked at.
    Later,
    /// Too large for now, and passed often enough.
    Reserved,
}

impl Admission {
    pub fn new(config: &config::Admission, free_bytes: u64) -> Self {
        let total = Need {
            cores: config.cores,
            memory_bytes: config.memory_bytes,
            scratch_bytes: config.scratch_bytes.unwrap_or(free_bytes / 10 * 8),
        };
        tracing::debug!(?total, "the budget of the machine");
        Self {
            total,
            state: Arc::default(),
            choosing: tokio::sync::Mutex::default(),
        }
    }

    fn remembered(&self, job: JobId) -> Option<Need> {
        lock(&self.state).estimates.get(&job).copied()
    }

    fn remember(&self, job: JobId, need: Need) {
        let mut state = lock(&self.state);
        if state.estimates.len() >= REMEMBERED {
            state.estimates.clear();
        }
        state.estimates.insert(job, need);
    }

    /// `overtakes`: the job that is passed if this one goes.
    fn ask(&self, job: JobId, need: Need, overtakes: Option<JobId>) -> Answer {
        let mut state = lock(&self.state);
        // More than everything cannot be had; everything can.
        let need = Need {
            cores: need.cores.min(self.total.cores),
            memory_bytes: need.memory_bytes.min(self.total.memory_bytes),
            scratch_bytes: need.scratch_bytes.min(self.total.scratch_bytes),
        };
        let after = state.taken.plus(need);
        let fits = after.cores <= self.total.cores
            && after.memory_bytes <= self.total.memory_bytes
            && after.scratch_bytes <= self.total.scratch_bytes;
        if fits {
            match &mut state.waiting {
                Some((waiting, passes)) if overtakes == Some(*waiting) => *passes += 1,
                Some((waiting, _)) if *waiting == job => state.waiting = None,
                _ => {}
            }
            state.taken = after;
            state.admitted.insert(job);
            state.estimates.remove(&job);
            return Answer::Go(Grant {
                job,
                need,
                total: self.total,
                state: Arc::clone(&self.state),
            });
        }
        if overtakes.is_some() {
            return Answer::Later;
        }
        let passes = match state.waiting {
            Some((waiting, passes)) if waiting == job => passes,
            _ => 0,
        };
        state.waiting = Some((job, passes));
        match passes >= PASSES {
            true => Answer::Reserved,
            false => Answer::Later,
        }
    }
}

impl Need {
    fn plus(self, other: Need) -> Need {
        Need {
            cores: self.cores.saturating_add(other.cores),
            memory_bytes: self.memory_bytes.saturating_add(other.memory_bytes),
            scratch_bytes: self.scratch_bytes.saturating_add(other.scratch_bytes),
        }
    }

    fn minus(self, other: Need) -> Need {
        Need {
            cores: self.cores.saturating_sub(other.cores),
            memory_bytes: self.memory_bytes.saturating_sub(other.memory_bytes),
            scratch_bytes: self.scratch_bytes.saturating_sub(other.scratch_bytes),
        }
    }
}

impl Grant {
    /// How many jobs that need as much could run at the same time, this one included.
    pub fn company(&self) -> usize {
        let (total, need) = (self.total, self.need);
        let fit = |total: u64, need: u64| total.checked_div(need).unwrap_or(u64::MAX);
        let fits = fit(total.cores as u64, need.cores as u64)
            .min(fit(total.memory_bytes, need.memory_bytes))
            .min(fit(total.scratch_bytes, need.scratch_bytes));
        usize::try_from(fits).unwrap_or(usize::MAX).max(1)
    }

    /// The job is claimed: the queue itself no longer offers it.
    pub fn claimed(&self) {
        lock(&self.state).admitted.remove(&self.job);
    }
}

impl Drop for Grant {
    fn drop(&mut self) {
        let mut state = lock(&self.state);
        state.admitted.remove(&self.job);
        state.suspect.take_if(|suspect| *suspect == self.job);
        state.taken = state.taken.minus(self.need);
    }
}

/// Claims the first job in turn that there is room for.
pub(crate) async fn claim(
    shared: &Shared,
    worker: &WorkerId,
) -> Result<Option<(Lease, Job, Grant)>, EngineError> {
    loop {
        let Some(grant) = choose(shared).await? else {
            return Ok(None);
        };
        let (id, worker, lease_for) = (grant.job, worker.clone(), shared.config.workers.lease);
        let limits = shared.lane_limits.clone();
        let claim =
            move |store: &opmill_store::Store| store.claim_job(id, &worker, lease_for, &limits);
        // Outside the choice, so that workers who claim at the same time share a sync.
        if let Some((lease, job)) = shared.store(claim).await? {
            grant.claimed();
            return Ok(Some((lease, job, grant)));
        }
        // Cancelled meanwhile, or its lane is full or paused by now: look again.
    }
}

/// The first job in turn that there is room for, with its part of the budget.
async fn choose(shared: &Shared) -> Result<Option<Grant>, EngineError> {
    let admission = &shared.admission;
    let _alone = admission.choosing.lock().await;
    let mut passed = lock(&admission.state).admitted.clone();
    let mut overtakes = None;
    let mut looked_at = 0;
    while looked_at <= LOOKAHEAD {
        let Some(Next { job, suspect, need }) = next(shared, &passed).await? else {
            return Ok(None);
        };
        passed.insert(job);
        if suspect && lock(&admission.state).suspect.is_some() {
            // As many of them as ran when the process died; the lookahead is for others.
            continue;
        }
        match admission.ask(job, need, overtakes) {
            Answer::Go(grant) => {
                if suspect {
                    lock(&admission.state).suspect = Some(job);
                }
                return Ok(Some(grant));
            }
            Answer::Later => overtakes = overtakes.or(Some(job)),
            Answer::Reserved => return Ok(None),
        }
        looked_at += 1;
    }
    Ok(None)
}

/// A job whose turn it is.
struct Next {
    job: JobId,
    suspect: bool,
    need: Need,
}

/// The next job in turn and what it needs.
async fn next(shared: &Shared, passed: &HashSet<JobId>) -> Result<Option<Next>, EngineError> {
    let (limits, passed) = (shared.lane_limits.clone(), passed.clone());
    let job = shared
        .store(move |store| store.next_in_turn(&limits, &passed))
        .await?;
    let Some(job) = job else {
        return Ok(None);
    };
    let (id, suspect) = (job.id, job.rescues >= SUSPECT);
    let need = match shared.admission.remembered(id) {
        Some(need) => need,
        None => {
            let need = estimate(shared, job).await?;
            shared.admission.remember(id, need);
            need
        }
    };
    Ok(Some(Next {
        job: id,
        suspect,
        need,
    }))
}

/// What the processor says the job will need. A job that cannot be read needs nothing to fail.
async fn estimate(shared: &Shared, job: Job) -> Result<Need, EngineError> {
    let Ok(spec) = Spec::of(&job) else {
        return Ok(Need::default());
    };
    if spec.manage.is_some() {
        // It waits for disks and networks.
        return Ok(Need::default());
    }
    let place = shared.buckets.place(&spec.source, spec.out.as_deref());
    let (processor, limits) = (Arc::clone(&shared.processor), shared.config.limits.clone());
    let ask = move |_: &opmill_store::Store| {
        let Ok(commands) = spec.commands(job.id) else {
            return Ok(Need::default());
        };
        let source = match &place {
            Ok(Place::File(path)) => Some(path.as_path()),
            _ => None,
        };
        Ok(processor.need(&Candidate {
            job: job.id,
            source,
            size: spec.size,
            pipelines: commands
                .iter()
                .filter_map(|command| command.pipeline.as_ref().ok())
                .collect(),
            limits: &limits,
        }))
    };
    shared.blocking(ask).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission() -> Admission {
        let config = config::Admission {
            cores: 4,
            memory_bytes: 100,
            scratch_bytes: Some(100),
        };
        Admission::new(&config, 0)
    }

    fn need(cores: usize, memory_bytes: u64) -> Need {
        Need {
            cores,
            memory_bytes,
            scratch_bytes: 1,
        }
    }

    fn id(n: u8) -> JobId {
        format!("{n:02x}").repeat(18).parse().unwrap()
    }

    fn go(answer: Answer) -> Grant {
        match answer {
            Answer::Go(grant) => grant,
            Answer::Later | Answer::Reserved => panic!("there is no room"),
        }
    }

    #[test]
    fn each_bound_holds_and_what_is_given_back_is_there_again() {
        let admission = admission();
        let first = go(admission.ask(id(1), need(3, 10), None));
        assert!(
            matches!(admission.ask(id(2), need(2, 10), None), Answer::Later),
            "cores"
        );
        assert!(
            matches!(admission.ask(id(2), need(1, 91), None), Answer::Later),
            "memory"
        );
        let second = go(admission.ask(id(2), need(1, 90), None));
        assert_eq!((first.company(), second.company()), (1, 1));
        let third = go(admission.ask(id(3), need(0, 0), None));
        assert_eq!(third.company(), 100, "by scratch space");
        drop(third);
        drop(first);
        drop(second);
        assert_eq!(lock(&admission.state).taken, Need::default());
    }

    #[test]
    fn more_than_everything_runs_alone() {
        let admission = admission();
        let small = go(admission.ask(id(1), need(1, 1), None));
        assert!(matches!(
            admission.ask(id(2), need(99, 1000), None),
            Answer::Later
        ));
        drop(small);
        let giant = go(admission.ask(id(2), need(99, 1000), None));
        assert_eq!(giant.company(), 1, "all the cores are its own");
        assert!(matches!(
            admission.ask(id(3), need(0, 1), None),
            Answer::Later
        ));
    }

    #[test]
    fn one_that_waits_is_passed_so_often_and_no_more() {
        let admission = admission();
        let _running = go(admission.ask(id(1), need(1, 50), None));
        for n in 0..PASSES {
            assert!(
                matches!(admission.ask(id(2), need(1, 60), None), Answer::Later),
                "{n}"
            );
            drop(go(admission.ask(id(3), need(1, 1), Some(id(2)))));
        }
        assert!(matches!(
            admission.ask(id(2), need(1, 60), None),
            Answer::Reserved
        ));
        // It goes away, and the next one that waits starts anew.
        assert!(matches!(
            admission.ask(id(4), need(1, 60), None),
            Answer::Later
        ));
    }
}
