//! What the store should do, in memory and without cunning: maps, scans, and the rules as the documentation has them.

use std::collections::BTreeMap;
use std::time::Duration;

use opmill_store::{
    CancelOutcome, Counts, Delivery, DeliveryId, DeliveryState, Event, Item, ItemIndex, Job, JobId,
    JobState, Lease, Limits, NewItem, NewJob, Next, Owed, Paused, Promotion, Rescued, StoredObject,
    UnixMillis, Verdict,
};

/// The name of a `StoreError`'s variant.
pub type Refusal = &'static str;

#[derive(Clone)]
struct Entry {
    job: Job,
    due: UnixMillis,
    key: Option<String>,
    items: BTreeMap<ItemIndex, Item>,
}

#[derive(Default)]
pub struct Reference {
    pub now: UnixMillis,
    jobs: BTreeMap<JobId, Entry>,
    deliveries: BTreeMap<DeliveryId, Delivery>,
    owed_ever: u64,
    objects: BTreeMap<String, StoredObject>,
    pub paused: Paused,
}

impl Reference {
    pub fn at(now: UnixMillis) -> Reference {
        Reference {
            now,
            ..Reference::default()
        }
    }

    /// The job that exists under the key; else `fresh` is the new one.
    pub fn enqueue(&mut self, new: &NewJob, fresh: JobId) -> (JobId, bool) {
        let same_key =
            |entry: &&Entry| new.idempotency_key.is_some() && entry.key == new.idempotency_key;
        if let Some(existing) = self.jobs.values().find(same_key) {
            return (existing.job.id, true);
        }
        assert!(self.jobs.keys().all(|id| *id < fresh), "ids ascend");
        let state = match new.due {
            Some(at) if at > self.now => JobState::Scheduled { at },
            _ => JobState::Available,
        };
        let job = Job {
            id: fresh,
            state,
            priority: new.priority,
            lane: new.lane.clone(),
            submitted: self.now,
            updated: self.now,
            finished: None,
            attempts: 0,
            rescues: 0,
            fence: 0,
            commands: new.commands,
            cancel_requested: false,
            follows: None,
            last_error: None,
            spec: new.spec.clone(),
        };
        let (due, key) = (new.due.unwrap_or(self.now), new.idempotency_key.clone());
        self.jobs.insert(
            fresh,
            Entry {
                job,
                due,
                key,
                items: BTreeMap::new(),
            },
        );
        (fresh, false)
    }

    pub fn promote(&mut self) -> Promotion {
        let now = self.now;
        let mut promoted = 0;
        for entry in self.jobs.values_mut() {
            if matches!(entry.job.state, JobState::Scheduled { at } | JobState::Retryable { at } if at <= now)
            {
                entry.set(JobState::Available, now);
                promoted += 1;
            }
        }
        Promotion {
            promoted,
            next_due: self.jobs.values().filter_map(Entry::comes_due).min(),
        }
    }

    pub fn claim(&mut self, lease_for: Duration, limits: &Limits) -> Option<(Lease, Job)> {
        let now = self.now;
        let running = |lane: &str| {
            let mine = |entry: &&Entry| entry.job.lane == lane && entry.expires().is_some();
            self.jobs.values().filter(mine).count()
        };
        let is_full = |(lane, limit): (&String, &usize)| running(lane) >= *limit;
        let full: Vec<String> = limits
            .iter()
            .filter(|row| is_full(*row))
            .map(|(lane, _)| lane.clone())
            .collect();
        let paused = self.paused.clone();
        let available = self.jobs.values_mut().filter(|entry| {
            let lane = &entry.job.lane;
            entry.job.state == JobState::Available && !paused.holds(lane) && !full.contains(lane)
        });
        let turn = |entry: &&mut Entry| {
            let behind = Duration::from_secs(60) * u32::from(entry.job.priority.rank());
            (entry.due.plus(behind), entry.job.id)
        };
        let entry = available.min_by_key(turn)?;
        entry.job.fence += 1;
        entry.job.attempts += 1;
        let lease = Lease {
            job: entry.job.id,
            fence: entry.job.fence,
            expires: now.plus(lease_for),
        };
        entry.set(JobState::Running(lease.clone()), now);
        Some((lease, entry.job.clone()))
    }

    fn held(&mut self, lease: &Lease) -> Result<&mut Entry, Refusal> {
        let entry = self.jobs.get_mut(&lease.job).ok_or("LeaseLost")?;
        match &entry.job.state {
            JobState::Running(held) if held.fence == lease.fence => Ok(entry),
            _ => Err("LeaseLost"),
        }
    }

    pub fn holds(&mut self, lease: &Lease) -> bool {
        self.held(lease).is_ok()
    }

    pub fn heartbeat(&mut self, lease: &Lease, lease_for: Duration) -> Result<Verdict, Refusal> {
        let expires = self.now.plus(lease_for);
        let entry = self.held(lease)?;
        let renewed = Lease {
            expires,
            ..lease.clone()
        };
        entry.job.state = JobState::Running(renewed.clone());
        Ok(if entry.job.cancel_requested {
            Verdict::CancelRequested(renewed)
        } else {
            Verdict::Held(renewed)
        })
    }

    pub fn record(
        &mut self,
        lease: &Lease,
        item: &NewItem,
        owed: Option<Owed>,
    ) -> Result<(), Refusal> {
        let now = self.now;
        self.held(lease)?.record(item, now)?;
        owed.into_iter().for_each(|owed| self.owe(lease.job, owed));
        Ok(())
    }

    pub fn finish(
        &mut self,
        lease: &Lease,
        event: &Event,
        last: &[NewItem],
        owed: &[Owed],
        error: Option<String>,
    ) -> Result<JobState, Refusal> {
        let now = self.now;
        let entry = self.held(lease)?;
        let mut after = entry.clone();
        last.iter().try_for_each(|item| after.record(item, now))?;
        if error.is_some() {
            after.job.last_error = error;
        }
        let state = match event {
            Event::Succeeded => JobState::Completed,
            Event::Cancelled => JobState::Cancelled,
            Event::Failed(Next::GiveUp) => JobState::Discarded,
            Event::Failed(Next::RetryAt(at)) => {
                after.due = *at;
                JobState::Retryable { at: *at }
            }
            Event::Interrupted => {
                after.job.attempts -= 1;
                JobState::Available
            }
            _ => return Err("Illegal"),
        };
        after.set(state.clone(), now);
        *entry = after;
        owed.iter().for_each(|owed| self.owe(lease.job, *owed));
        Ok(state)
    }

    pub fn cancel(&mut self, id: JobId, owed: &[Owed]) -> Result<CancelOutcome, Refusal> {
        let now = self.now;
        let entry = self.jobs.get_mut(&id).ok_or("NotFound")?;
        match &entry.job.state {
            state if state.is_final() => return Ok(CancelOutcome::AlreadyFinal(state.clone())),
            JobState::Running(_) => {
                if !entry.job.cancel_requested {
                    entry.job.updated = now;
                }
                entry.job.cancel_requested = true;
                return Ok(CancelOutcome::Requested);
            }
            _ => entry.set(JobState::Cancelled, now),
        }
        owed.iter().for_each(|owed| self.owe(id, *owed));
        Ok(CancelOutcome::Cancelled)
    }

    pub fn redrive(&mut self, id: JobId, forget: &[ItemIndex]) -> Result<JobState, Refusal> {
        let now = self.now;
        let entry = self.jobs.get_mut(&id).ok_or("NotFound")?;
        if !entry.job.state.is_final() {
            return Err("Illegal");
        }
        forget
            .iter()
            .for_each(|index| drop(entry.items.remove(index)));
        entry.job.attempts = 0;
        entry.job.rescues = 0;
        entry.job.cancel_requested = false;
        entry.due = now;
        entry.set(JobState::Available, now);
        Ok(JobState::Available)
    }

    /// `held` is a job under whose lease something is being published.
    pub fn rescue(&mut self, held: Option<JobId>) -> Rescued {
        let now = self.now;
        let late = |entry: &Entry| {
            Some(entry.job.id) != held && entry.expires().is_some_and(|at| at <= now)
        };
        let mut silent: Vec<_> = self
            .jobs
            .values()
            .filter(|entry| late(entry))
            .map(|e| (e.expires(), e.job.id))
            .collect();
        silent.sort();
        let jobs: Vec<_> = silent.into_iter().map(|(_, id)| id).collect();
        jobs.iter().for_each(|id| self.take_back(*id));
        let others = self
            .jobs
            .values()
            .filter(|entry| Some(entry.job.id) != held);
        Rescued {
            jobs,
            next_expiry: others.filter_map(Entry::expires).min(),
        }
    }

    /// The process ends and the next one opens the store.
    pub fn reopen(&mut self) {
        let running: Vec<_> = self
            .jobs
            .values()
            .filter(|e| e.expires().is_some())
            .map(|e| e.job.id)
            .collect();
        running.into_iter().for_each(|id| self.take_back(id));
    }

    fn take_back(&mut self, id: JobId) {
        let now = self.now;
        let entry = self.jobs.get_mut(&id).unwrap();
        entry.job.rescues += 1;
        entry.set(JobState::Available, now);
    }

    fn owe(&mut self, job: JobId, owed: Owed) {
        self.owed_ever += 1;
        let id: DeliveryId = self.owed_ever.to_string().parse().unwrap();
        let delivery = Delivery {
            id,
            job,
            scope: owed.scope,
            code: owed.code,
            attempts: 0,
            state: DeliveryState::Due { at: self.now },
            created: self.now,
            last_error: None,
        };
        self.deliveries.insert(id, delivery);
    }

    pub fn delivered(&mut self, id: DeliveryId) -> Result<(), Refusal> {
        let at = self.now;
        let delivery = self.deliveries.get_mut(&id).ok_or("NoSuchDelivery")?;
        if due_at(delivery).is_some() {
            delivery.state = DeliveryState::Delivered { at };
        }
        Ok(())
    }

    pub fn delivery_failed(
        &mut self,
        id: DeliveryId,
        error: &str,
        next: Option<UnixMillis>,
    ) -> Result<(), Refusal> {
        let now = self.now;
        let delivery = self.deliveries.get_mut(&id).ok_or("NoSuchDelivery")?;
        if due_at(delivery).is_some() {
            delivery.attempts += 1;
            delivery.last_error = Some(error.to_owned());
            delivery.state = next.map_or(DeliveryState::GivenUp { at: now }, |at| {
                DeliveryState::Due { at }
            });
        }
        Ok(())
    }

    pub fn prune(&mut self, before: UnixMillis, limit: usize) -> usize {
        let owing: Vec<_> = self
            .deliveries
            .values()
            .filter(|d| due_at(d).is_some())
            .map(|d| d.job)
            .collect();
        let mut old: Vec<_> = self
            .jobs
            .values()
            .filter_map(|e| Some((e.job.finished?, e.job.id)))
            .collect();
        old.retain(|(finished, id)| *finished < before && !owing.contains(id));
        old.sort();
        old.truncate(limit);
        for (_, id) in &old {
            self.jobs.remove(id);
            self.deliveries.retain(|_, delivery| delivery.job != *id);
        }
        old.len()
    }

    /// How many have to go so that no more than `count` of those that ended are left.
    pub fn excess(&self, count: usize) -> usize {
        let ended = self.jobs.values().filter(|e| e.job.finished.is_some());
        ended.count().saturating_sub(count)
    }

    pub fn pause(&mut self, lane: Option<&str>) {
        let now = self.now;
        match lane {
            Some(lane) => drop(self.paused.lanes.entry(lane.to_owned()).or_insert(now)),
            None => drop(self.paused.all.get_or_insert(now)),
        }
    }

    pub fn resume(&mut self, lane: Option<&str>) -> bool {
        match lane {
            Some(lane) => self.paused.lanes.remove(lane).is_some(),
            None => self.paused.all.take().is_some(),
        }
    }

    pub fn put_object(&mut self, entry: &str, object: StoredObject) {
        self.objects.insert(entry.to_owned(), object);
    }

    pub fn remove_object(&mut self, entry: &str) {
        self.objects.remove(entry);
    }

    // ---- what can be seen

    pub fn ids(&self) -> Vec<JobId> {
        self.jobs.keys().copied().collect()
    }

    pub fn jobs(&self) -> Vec<Job> {
        self.jobs.values().map(|entry| entry.job.clone()).collect()
    }

    pub fn find(&self, key: &str) -> Option<JobId> {
        self.jobs
            .values()
            .find(|entry| entry.key.as_deref() == Some(key))
            .map(|entry| entry.job.id)
    }

    pub fn items(&self, id: JobId) -> Vec<Item> {
        self.jobs[&id].items.values().cloned().collect()
    }

    pub fn deliveries(&self, id: JobId) -> Vec<Delivery> {
        self.deliveries
            .values()
            .filter(|delivery| delivery.job == id)
            .cloned()
            .collect()
    }

    pub fn due_deliveries(&self) -> Vec<Delivery> {
        let due = |delivery: &&Delivery| due_at(delivery).is_some_and(|at| at <= self.now);
        let mut due: Vec<_> = self.deliveries.values().filter(due).cloned().collect();
        due.sort_by_key(|delivery| (due_at(delivery), delivery.id));
        due
    }

    pub fn object(&self, entry: &str) -> Option<StoredObject> {
        self.objects.get(entry).cloned()
    }

    pub fn next_wakeup(&self) -> Option<UnixMillis> {
        let jobs = self
            .jobs
            .values()
            .flat_map(|entry| [entry.comes_due(), entry.expires()]);
        jobs.chain(self.deliveries.values().map(due_at))
            .flatten()
            .min()
    }

    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for entry in self.jobs.values() {
            *match entry.job.state {
                JobState::Scheduled { .. } => &mut counts.scheduled,
                JobState::Available => &mut counts.available,
                JobState::Running(_) => &mut counts.running,
                JobState::Retryable { .. } => &mut counts.retryable,
                JobState::Completed => &mut counts.completed,
                JobState::Cancelled => &mut counts.cancelled,
                JobState::Discarded => &mut counts.discarded,
            } += 1;
        }
        counts.deliveries_due = self
            .deliveries
            .values()
            .filter(|delivery| due_at(delivery).is_some())
            .count();
        counts
    }
}

fn due_at(delivery: &Delivery) -> Option<UnixMillis> {
    match delivery.state {
        DeliveryState::Due { at } => Some(at),
        _ => None,
    }
}

impl Entry {
    fn set(&mut self, state: JobState, now: UnixMillis) {
        self.job.finished = state.is_final().then_some(now);
        self.job.state = state;
        self.job.updated = now;
    }

    fn comes_due(&self) -> Option<UnixMillis> {
        match self.job.state {
            JobState::Scheduled { at } | JobState::Retryable { at } => Some(at),
            _ => None,
        }
    }

    fn expires(&self) -> Option<UnixMillis> {
        match &self.job.state {
            JobState::Running(lease) => Some(lease.expires),
            _ => None,
        }
    }

    fn record(&mut self, item: &NewItem, now: UnixMillis) -> Result<(), Refusal> {
        if self.items.contains_key(&item.index) {
            return Err("AlreadyRecorded");
        }
        let NewItem {
            index,
            outcome,
            body,
        } = item.clone();
        let item = Item {
            index,
            outcome,
            attempt: self.job.attempts,
            recorded: now,
            body,
        };
        self.items.insert(index, item);
        Ok(())
    }
}
