//! The store against a reference in memory: random verbs, stale leases, clock jumps, reopenings. After every step
//! each answer, and everything that can be read, must be the same; and the answers alone must tell of lives that jobs
//! can have. `TORTURE=long` takes more cases.
#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../torture/dice.rs"]
#[allow(dead_code)]
mod dice;
mod history;
mod reference;

use std::sync::Arc;
use std::time::Duration;

use common::{ALL_DONE, LEASE, ManualClock, START, command_done, directory, done};
use dice::size;
use history::History;
use opmill_store::{
    CancelOutcome, DeliveryId, Event, ItemIndex, JobId, Lease, NewItem, NewJob, Next, Options,
    Priority, Store, StoreError, StoredObject, UnixMillis, WorkerId,
};
use proptest::prelude::*;
use reference::{Reference, Refusal};

/// One step. `usize` picks among what exists by then.
#[derive(Debug, Clone)]
enum Step {
    Enqueue {
        rank: u8,
        lane: u8,
        due_in: Option<u64>,
        key: Option<u8>,
        long: bool,
    },
    EnqueueBatch(Vec<Option<u8>>),
    Promote,
    Claim {
        limit: Option<usize>,
    },
    Pause(Option<u8>),
    Resume(Option<u8>),
    Heartbeat(usize),
    Record {
        lease: usize,
        index: u32,
        owed: bool,
    },
    Finish {
        lease: usize,
        how: u8,
        last: Vec<u32>,
        owed: bool,
    },
    Cancel(usize),
    Redrive {
        job: usize,
        forget: Vec<u32>,
    },
    Rescue,
    RescueWhileHeld(usize),
    Delivered(usize),
    DeliveryFailed {
        delivery: usize,
        next_in: Option<u64>,
    },
    Prune {
        ago: u64,
        limit: usize,
    },
    PutObject {
        entry: u8,
        size: u64,
    },
    RemoveObject(u8),
    PutObjects(Vec<u8>),
    Excess(usize),
    Advance(u64),
    ClockGoesBack(u64),
    /// By hours: the machine slept, or its clock was wrong.
    ClockJumps(i64),
    Reopen {
        closed: bool,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let seconds = 0..90u64;
    let indexes = || prop::collection::vec(0..3u32, 0..3);
    prop_oneof![
        4 => (98..102u8, 0..3u8, prop::option::of(seconds.clone()), prop::option::of(0..4u8), any::<bool>())
            .prop_map(|(rank, lane, due_in, key, long)| Step::Enqueue { rank, lane, due_in, key, long }),
        1 => prop::collection::vec(prop::option::of(0..4u8), 0..4).prop_map(Step::EnqueueBatch),
        3 => Just(Step::Promote),
        6 => prop::option::of(0..3usize).prop_map(|limit| Step::Claim { limit }),
        1 => prop::option::of(0..3u8).prop_map(Step::Pause),
        2 => prop::option::of(0..3u8).prop_map(Step::Resume),
        2 => any::<usize>().prop_map(Step::Heartbeat),
        4 => (any::<usize>(), 0..3u32, any::<bool>())
            .prop_map(|(lease, index, owed)| Step::Record { lease, index, owed }),
        5 => (any::<usize>(), 0..6u8, indexes(), any::<bool>())
            .prop_map(|(lease, how, last, owed)| Step::Finish { lease, how, last, owed }),
        2 => any::<usize>().prop_map(Step::Cancel),
        2 => (any::<usize>(), indexes()).prop_map(|(job, forget)| Step::Redrive { job, forget }),
        2 => Just(Step::Rescue),
        1 => any::<usize>().prop_map(Step::RescueWhileHeld),
        2 => any::<usize>().prop_map(Step::Delivered),
        2 => (any::<usize>(), prop::option::of(seconds.clone()))
            .prop_map(|(delivery, next_in)| Step::DeliveryFailed { delivery, next_in }),
        1 => (seconds.clone(), 0..4usize).prop_map(|(ago, limit)| Step::Prune { ago, limit }),
        1 => (0..3u8, any::<u64>()).prop_map(|(entry, size)| Step::PutObject { entry, size }),
        1 => (0..3u8).prop_map(Step::RemoveObject),
        5 => seconds.clone().prop_map(Step::Advance),
        1 => seconds.prop_map(Step::ClockGoesBack),
        1 => prop::collection::vec(0..3u8, 0..3).prop_map(Step::PutObjects),
        1 => (0..4usize).prop_map(Step::Excess),
        1 => (-30..30i64).prop_map(Step::ClockJumps),
        2 => any::<bool>().prop_map(|closed| Step::Reopen { closed }),
    ]
}

struct Pair {
    dir: tempfile::TempDir,
    clock: ManualClock,
    store: Option<Store>,
    reference: Reference,
    history: History,
    /// Every lease ever given, live or stale.
    leases: Vec<Lease>,
    /// Every job and delivery ever seen, kept or pruned.
    ids: Vec<JobId>,
    deliveries: Vec<DeliveryId>,
}

impl Pair {
    fn new() -> Pair {
        let (dir, clock) = (directory(), ManualClock::new());
        let store = Some(Store::open(dir.path(), options(&clock)).unwrap());
        let reference = Reference::at(START);
        Pair {
            dir,
            clock,
            store,
            reference,
            history: History::default(),
            leases: vec![],
            ids: vec![],
            deliveries: vec![],
        }
    }

    fn set_clock(&mut self, now: UnixMillis) {
        self.clock.set(now);
        self.reference.now = now;
    }

    fn after(&self, seconds: u64) -> UnixMillis {
        self.reference.now.plus(Duration::from_secs(seconds))
    }

    fn enqueue(&mut self, jobs: Vec<NewJob>) {
        let enqueued = self
            .store
            .as_ref()
            .unwrap()
            .enqueue_all(jobs.clone())
            .unwrap();
        assert_eq!(enqueued.len(), jobs.len());
        for (job, enqueued) in jobs.iter().zip(enqueued) {
            assert_eq!(
                self.reference.enqueue(job, enqueued.id),
                (enqueued.id, enqueued.existing)
            );
            if !enqueued.existing {
                self.history.enqueued(enqueued.id);
            }
            self.ids.push(enqueued.id);
        }
    }

    fn take(&mut self, step: &Step) {
        let (lease_for, store) = (LEASE, self.store.clone().unwrap());
        let owe = |owed: bool| {
            if owed {
                vec![command_done(0), ALL_DONE]
            } else {
                vec![]
            }
        };
        match step.clone() {
            Step::Enqueue {
                rank,
                lane,
                due_in,
                key,
                long,
            } => {
                let spec = if long {
                    "long ".repeat(3000)
                } else {
                    "{}".to_owned()
                };
                let due = due_in.map(|seconds| self.after(seconds));
                let job = NewJob {
                    priority: Priority::new(rank),
                    lane: name(lane),
                    due,
                    commands: 3,
                    spec,
                    idempotency_key: key.map(name),
                    ..NewJob::default()
                };
                self.enqueue(vec![job]);
            }
            Step::EnqueueBatch(keys) => {
                let keyed = |key: Option<u8>| NewJob {
                    idempotency_key: key.map(name),
                    ..NewJob::default()
                };
                self.enqueue(keys.into_iter().map(keyed).collect());
            }
            Step::Promote => assert_eq!(store.promote().unwrap(), self.reference.promote()),
            Step::Pause(lane) => {
                let lane = lane.map(name);
                store.pause(lane.as_deref()).unwrap();
                self.reference.pause(lane.as_deref());
            }
            Step::Resume(lane) => {
                let lane = lane.map(name);
                let ended = store.resume(lane.as_deref()).unwrap();
                assert_eq!(ended, self.reference.resume(lane.as_deref()));
            }
            Step::Claim { limit } => {
                let limits = limit.map(|limit| (name(1), limit)).into_iter().collect();
                let worker = WorkerId::new("worker");
                let claimed = store.claim_within(&worker, lease_for, &limits).unwrap();
                assert_eq!(claimed, self.reference.claim(lease_for, &limits));
                if let Some((lease, _)) = claimed {
                    self.history.claimed(&lease);
                    self.leases.push(lease);
                }
            }
            Step::Heartbeat(lease) => {
                let Some(lease) = pick(&self.leases, lease) else {
                    return;
                };
                assert_eq!(
                    kind(store.heartbeat(&lease, lease_for)),
                    self.reference.heartbeat(&lease, lease_for)
                );
            }
            Step::Record { lease, index, owed } => {
                let Some(lease) = pick(&self.leases, lease) else {
                    return;
                };
                let owed = owed.then_some(command_done(index));
                let recorded = kind(store.record_item(&lease, item(index), owed));
                assert_eq!(recorded, self.reference.record(&lease, &item(index), owed));
                if recorded.is_ok() {
                    self.history.recorded(&lease, ItemIndex(index));
                }
            }
            Step::Finish {
                lease,
                how,
                last,
                owed,
            } => {
                let Some(lease) = pick(&self.leases, lease) else {
                    return;
                };
                let event = match how {
                    0 => Event::Succeeded,
                    1 => Event::Failed(Next::RetryAt(self.after(30))),
                    2 => Event::Failed(Next::GiveUp),
                    3 => Event::Interrupted,
                    4 => Event::Cancelled,
                    _ => Event::Failed(Next::RetryAt(self.reference.now)),
                };
                let last: Vec<_> = last.into_iter().map(item).collect();
                let error = (how == 1).then(|| "storage is away".to_owned());
                let expected =
                    self.reference
                        .finish(&lease, &event, &last, &owe(owed), error.clone());
                let indexes: Vec<_> = last.iter().map(|item| item.index).collect();
                let finished = kind(store.finish(&lease, event, last, owe(owed), error));
                assert_eq!(finished, expected);
                if let Ok(state) = finished {
                    for index in indexes {
                        self.history.recorded(&lease, index);
                    }
                    self.history.finished(&lease, state.is_final());
                }
            }
            Step::Cancel(job) => {
                let Some(id) = pick(&self.ids, job) else {
                    return;
                };
                let cancelled = kind(store.cancel(id, owe(true)));
                assert_eq!(cancelled, self.reference.cancel(id, &owe(true)));
                if cancelled == Ok(CancelOutcome::Cancelled) {
                    self.history.cancelled(id);
                }
            }
            Step::Redrive { job, forget } => {
                let Some(id) = pick(&self.ids, job) else {
                    return;
                };
                let forget: Vec<_> = forget.into_iter().map(ItemIndex).collect();
                let redriven = kind(store.redrive(id, &forget));
                assert_eq!(redriven, self.reference.redrive(id, &forget));
                if redriven.is_ok() {
                    self.history.redriven(id, &forget);
                }
            }
            Step::Rescue => {
                let rescued = store.rescue().unwrap();
                assert_eq!(rescued, self.reference.rescue(None));
                self.history.rescued(&rescued.jobs);
            }
            Step::RescueWhileHeld(lease) => {
                let Some(lease) = pick(&self.leases, lease) else {
                    return;
                };
                let inside = store.while_held(&lease, || store.rescue().unwrap());
                let expected = match self.reference.holds(&lease) {
                    true => Ok(self.reference.rescue(Some(lease.job))),
                    false => Err("LeaseLost"),
                };
                let inside = kind(inside);
                assert_eq!(inside, expected);
                if let Ok(rescued) = inside {
                    self.history.rescued(&rescued.jobs);
                }
            }
            Step::Delivered(delivery) => {
                let Some(id) = pick(&self.deliveries, delivery) else {
                    return;
                };
                assert_eq!(kind(store.delivered(id)), self.reference.delivered(id));
            }
            Step::DeliveryFailed { delivery, next_in } => {
                let Some(id) = pick(&self.deliveries, delivery) else {
                    return;
                };
                let next = next_in.map(|seconds| self.after(seconds));
                let expected = self.reference.delivery_failed(id, "500", next);
                assert_eq!(
                    kind(store.delivery_failed(id, "500".to_owned(), next)),
                    expected
                );
            }
            Step::Prune { ago, limit } => {
                let before = UnixMillis::new(self.reference.now.get() - ago * 1000);
                assert_eq!(
                    store.prune(before, limit).unwrap(),
                    self.reference.prune(before, limit)
                );
            }
            Step::PutObject { entry, size } => {
                store.put_object(&name(entry), object(size)).unwrap();
                self.reference.put_object(&name(entry), object(size));
            }
            Step::RemoveObject(entry) => {
                store.remove_object(&name(entry)).unwrap();
                self.reference.remove_object(&name(entry));
            }
            Step::Advance(seconds) => self.set_clock(self.after(seconds)),
            Step::ClockGoesBack(seconds) => {
                self.set_clock(UnixMillis::new(self.reference.now.get() - seconds * 1000))
            }
            Step::PutObjects(entries) => {
                let objects: Vec<_> = entries
                    .into_iter()
                    .map(|entry| (name(entry), object(u64::from(entry))))
                    .collect();
                store.put_objects(&objects).unwrap();
                for (name, object) in objects {
                    self.reference.put_object(&name, object);
                }
            }
            Step::Excess(count) => assert_eq!(
                store.excess(Some(count), None).unwrap(),
                self.reference.excess(count)
            ),
            Step::ClockJumps(hours) => {
                let by = Duration::from_secs(hours.unsigned_abs() * 3600).as_millis() as u64;
                let now = self.reference.now.get();
                let then = if hours < 0 { now - by } else { now + by };
                self.set_clock(UnixMillis::new(then));
            }
            Step::Reopen { closed } => {
                drop(store);
                let store = self.store.take().unwrap();
                if closed {
                    store.close().unwrap();
                } else {
                    drop(store);
                }
                self.history.reopened();
                self.store = Some(Store::open(self.dir.path(), options(&self.clock)).unwrap());
                self.reference.reopen();
            }
        }
    }

    fn compare(&mut self) {
        let (store, reference) = (self.store.as_ref().unwrap(), &self.reference);
        assert_eq!(store.jobs(None, usize::MAX).unwrap(), reference.jobs());
        self.history.kept(&reference.ids());
        assert_eq!(store.paused().unwrap(), reference.paused);
        for id in reference.ids() {
            assert_eq!(store.items(id).unwrap(), reference.items(id));
            let deliveries = store.deliveries(id).unwrap();
            self.deliveries
                .extend(deliveries.iter().map(|delivery| delivery.id));
            assert_eq!(deliveries, reference.deliveries(id));
        }
        self.deliveries.sort();
        self.deliveries.dedup();
        assert_eq!(
            store.due_deliveries(usize::MAX).unwrap(),
            reference.due_deliveries()
        );
        assert_eq!(store.counts().unwrap(), reference.counts());
        assert_eq!(store.next_wakeup().unwrap(), reference.next_wakeup());
        for n in 0..4 {
            assert_eq!(store.find(&name(n)).unwrap(), reference.find(&name(n)));
            assert_eq!(store.object(&name(n)).unwrap(), reference.object(&name(n)));
        }
    }
}

/// What is tested here is not the disk, so nothing is synced.
fn options(clock: &ManualClock) -> Options {
    Options {
        sync: Arc::new(|_, _| Ok(())),
        cache_bytes: 8 << 20,
        ..clock.options()
    }
}

fn pick<T: Clone>(from: &[T], which: usize) -> Option<T> {
    (!from.is_empty()).then(|| from[which % from.len()].clone())
}

fn name(n: u8) -> String {
    format!("name-{n}")
}

/// The item of that command; one of them longer than a part.
fn item(index: u32) -> NewItem {
    NewItem {
        body: "body ".repeat(if index == 2 { 2000 } else { 3 }),
        ..done(index)
    }
}

fn object(size: u64) -> StoredObject {
    StoredObject {
        hash: "h".to_owned(),
        size,
        mime: None,
        modified: START,
        stored: START,
        expires: None,
    }
}

fn kind<T>(outcome: Result<T, StoreError>) -> Result<T, Refusal> {
    outcome.map_err(|error| match error {
        StoreError::LeaseLost { .. } => "LeaseLost",
        StoreError::AlreadyRecorded { .. } => "AlreadyRecorded",
        StoreError::NotFound { .. } => "NotFound",
        StoreError::NoSuchDelivery { .. } => "NoSuchDelivery",
        StoreError::Illegal(_) => "Illegal",
        other => panic!("unexpected: {other:?}"),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: size("cases", 120, 1_500) as u32, max_shrink_iters: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_store_does_as_the_reference_does(steps in prop::collection::vec(step(), 1..120)) {
        let mut pair = Pair::new();
        for step in &steps {
            pair.take(step);
            pair.compare();
        }
    }
}

/// The reference would not notice a store that only ever stands still: these steps lead to every state.
#[test]
fn the_steps_reach_every_state() {
    let mut pair = Pair::new();
    let enqueue = |due_in| Step::Enqueue {
        lane: 1,
        rank: 100,
        due_in,
        key: None,
        long: false,
    };
    let finish = |lease, how| Step::Finish {
        lease,
        how,
        last: vec![0],
        owed: true,
    };
    let mut steps = vec![
        enqueue(None),
        enqueue(None),
        enqueue(None),
        enqueue(None),
        enqueue(Some(60)),
        enqueue(None),
    ];
    steps.extend([
        Step::Claim { limit: None },
        Step::Claim { limit: None },
        Step::Claim { limit: None },
        Step::Claim { limit: None },
    ]);
    steps.extend([
        finish(0, 0),
        finish(1, 1),
        finish(2, 2),
        finish(3, 4),
        enqueue(None),
        Step::Claim { limit: None },
    ]);
    for step in &steps {
        pair.take(step);
        pair.compare();
    }
    let counts = pair.store.as_ref().unwrap().counts().unwrap();
    let by_state = [
        counts.scheduled,
        counts.available,
        counts.running,
        counts.retryable,
    ];
    assert_eq!(by_state, [1, 1, 1, 1]);
    assert_eq!(
        [
            counts.completed,
            counts.cancelled,
            counts.discarded,
            counts.deliveries_due
        ],
        [1, 1, 1, 8]
    );
}
