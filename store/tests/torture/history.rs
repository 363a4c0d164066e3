//! What was acknowledged in one line of history, and the check that a store still has it.

use std::collections::{BTreeMap, BTreeSet};

use opmill_store::{DeliveryState, Job, JobId, JobState, Store, StoreError};

use crate::client::{Ack, item, object, object_name, spec};

/// All that was acknowledged so far, job by job.
#[derive(Debug, Clone, Default)]
pub struct History {
    jobs: BTreeMap<JobId, Known>,
    objects: BTreeMap<u64, u64>,
    /// Prunings under way.
    pruning: usize,
    /// Acknowledgements heard.
    pub heard: usize,
    /// Results of the same command that were recorded twice; results and ends that contradict each other.
    pub contradictions: Vec<String>,
    /// Claims of a job whose earlier claim did not come to an end: the commands of it ran again.
    pub ran_again: usize,
}

#[derive(Debug, Clone, Default)]
struct Known {
    spec: Option<u64>,
    fence: u64,
    /// Claimed, and neither ended nor given back.
    open: bool,
    recorded: BTreeSet<u32>,
    finished: bool,
    delivered: bool,
    may_be_gone: bool,
}

impl History {
    pub fn hear(&mut self, ack: Ack) {
        self.heard += usize::from(!matches!(ack, Ack::Pruning | Ack::Pruned | Ack::Refused));
        match ack {
            Ack::Enqueued(job, number) => self.job(job).spec = Some(number),
            Ack::Claimed(job, fence) => {
                let pruning = self.pruning > 0;
                let known = self.job(job);
                let (again, stale) = (known.open, known.finished || fence <= known.fence);
                known.open = true;
                known.fence = fence;
                known.may_be_gone |= pruning;
                self.ran_again += usize::from(again);
                self.contradict(stale, ack);
            }
            Ack::Recorded(job, index) => {
                let twice = !self.job(job).recorded.insert(index);
                self.contradict(twice, ack);
            }
            Ack::Returned(job) => self.job(job).open = false,
            Ack::Finished(job) => {
                let pruning = self.pruning > 0;
                let known = self.job(job);
                let twice = known.finished;
                known.finished = true;
                known.open = false;
                known.may_be_gone |= pruning;
                self.contradict(twice, ack);
            }
            Ack::Delivered(job) => self.job(job).delivered = true,
            Ack::Object(client, version) => drop(self.objects.insert(client, version)),
            Ack::Pruning => {
                self.pruning += 1;
                // One that was claimed may have ended, and nobody has said so yet.
                let ended = |known: &&mut Known| known.finished || known.open;
                let ended = self.jobs.values_mut().filter(ended);
                ended.for_each(|known| known.may_be_gone = true);
            }
            Ack::Pruned => self.pruning -= 1,
            Ack::Refused => {}
        }
    }

    fn job(&mut self, job: JobId) -> &mut Known {
        self.jobs.entry(job).or_default()
    }

    fn contradict(&mut self, is_so: bool, ack: Ack) {
        if is_so {
            self.contradictions.push(ack.to_string());
        }
    }

    /// The process is gone, and with it what it had begun.
    pub fn goes_on_elsewhere(&mut self) {
        self.pruning = 0;
    }

    /// What the store lacks of it, or says differently; and where it contradicts itself.
    pub fn missing_in(&self, store: &Store) -> Result<Vec<String>, StoreError> {
        let mut missing = self.contradictions.clone();
        let jobs = store.jobs(None, usize::MAX)?;
        let by_id: BTreeMap<_, _> = jobs.iter().map(|job| (job.id, job)).collect();
        for (id, known) in &self.jobs {
            match by_id.get(id) {
                Some(job) => known.compare(job, store, &mut missing)?,
                None if known.may_be_gone => {}
                None => missing.push(format!("job {id}: {known:?}")),
            }
        }
        for (client, version) in &self.objects {
            let found = store.object(&object_name(*client))?;
            match found {
                Some(found) if found.size >= *version && found == object(found.size) => {}
                other => missing.push(format!("version {version} of {client}: {other:?}")),
            }
        }
        let states =
            |wanted: fn(&JobState) -> bool| jobs.iter().filter(|job| wanted(&job.state)).count();
        let counts = store.counts()?;
        let counted = [
            (counts.available, states(|s| *s == JobState::Available)),
            (counts.completed, states(|s| *s == JobState::Completed)),
            (
                counts.retryable,
                states(|s| matches!(s, JobState::Retryable { .. })),
            ),
            (counts.running, 0),
            (
                counts.running,
                states(|s| matches!(s, JobState::Running(_))),
            ),
            (
                counts.deliveries_due,
                store.due_deliveries(usize::MAX)?.len(),
            ),
        ];
        if counted.iter().any(|(index, jobs)| index != jobs) {
            missing.push(format!(
                "the indexes do not agree with the jobs: {counted:?}"
            ));
        }
        Ok(missing)
    }
}

impl Known {
    fn compare(
        &self,
        job: &Job,
        store: &Store,
        missing: &mut Vec<String>,
    ) -> Result<(), StoreError> {
        let mut need = |holds: bool, what: &str| {
            if !holds {
                missing.push(format!("job {}: {what}: {self:?}, {:?}", job.id, job.state));
            }
        };
        need(
            self.spec.is_none_or(|number| job.spec == spec(number)),
            "its spec is another",
        );
        need(job.fence >= self.fence, "a claim is lost");
        need(
            !self.finished || job.state == JobState::Completed,
            "its end is lost",
        );
        let items = store.items(job.id)?;
        for index in &self.recorded {
            need(
                items.iter().any(|item| item.index.0 == *index),
                "a result is lost",
            );
        }
        for found in &items {
            let wanted = item(job.id, found.index.0);
            need(found.body == wanted.body, "a result is another");
        }
        let deliveries = store.deliveries(job.id)?;
        let owed = usize::from(self.recorded.contains(&0)) + usize::from(self.finished);
        need(deliveries.len() >= owed, "what it owes is lost");
        let one_each =
            usize::from(!items.is_empty()) + usize::from(job.state == JobState::Completed);
        need(deliveries.len() == one_each, "it owes what it should not");
        let is_delivered = |state: &DeliveryState| matches!(state, DeliveryState::Delivered { .. });
        need(
            !self.delivered || deliveries.iter().all(|owed| is_delivered(&owed.state)),
            "a delivery is lost",
        );
        Ok(())
    }
}
