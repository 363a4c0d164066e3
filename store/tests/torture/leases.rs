//! Leases under torture: workers stop in the middle of anything, for longer than their lease, and go on when others
//! have their jobs. What they then publish, record or finish must be refused, and what is recorded must be what was
//! published last.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use opmill_store::{
    Event, ItemIndex, ItemOutcome, JobId, JobState, Lease, NewItem, NewJob, Options, Store,
    StoreError, WorkerId,
};

use crate::child;
use crate::common::{ALL_DONE, LEASE, ManualClock, SECOND, directory};
use crate::dice::{Dice, seed, size};
use crate::fault::Run;
use crate::figures::note;

const WORKERS: u64 = 4;
const JOBS: usize = 12;
const COMMANDS: u32 = 2;

/// What can be seen from outside: which attempt, by its fence, published a result last, and whether the result was
/// recorded.
#[derive(Debug, Default)]
struct Outside {
    published: BTreeMap<(JobId, u32), u64>,
    recorded: BTreeMap<(JobId, u32), u64>,
    finished: BTreeMap<JobId, u64>,
    fences: BTreeMap<JobId, u64>,
    wrong: Vec<String>,
}

impl Outside {
    fn claimed(&mut self, lease: &Lease) {
        let before = self.fences.insert(lease.job, lease.fence);
        if before.is_some_and(|before| before >= lease.fence)
            || self.finished.contains_key(&lease.job)
        {
            self.wrong.push(format!("{lease:?} after {before:?}"));
        }
    }

    /// Called while the lease is held.
    fn publish(&mut self, lease: &Lease, index: u32) {
        let key = (lease.job, index);
        let before = self.published.insert(key, lease.fence);
        let is_late = before.is_some_and(|before| before >= lease.fence);
        if is_late || self.recorded.contains_key(&key) || self.finished.contains_key(&lease.job) {
            self.wrong
                .push(format!("{lease:?} published {index} after {before:?}"));
        }
    }

    /// Called at the end of a publication: nobody else may have got the job meanwhile.
    fn is_alone(&mut self, lease: &Lease) {
        if self.fences[&lease.job] != lease.fence {
            self.wrong
                .push(format!("{lease:?} was taken away while it published"));
        }
    }

    fn recorded(&mut self, lease: &Lease, index: u32) {
        if let Some(before) = self.recorded.insert((lease.job, index), lease.fence) {
            self.wrong
                .push(format!("{lease:?} recorded {index} after {before}"));
        }
    }

    fn finished(&mut self, lease: &Lease) {
        if let Some(before) = self.finished.insert(lease.job, lease.fence) {
            self.wrong
                .push(format!("{lease:?} finished after {before}"));
        }
    }
}

/// Everyone who has to do with one store.
struct Scene {
    store: Store,
    clock: ManualClock,
    outside: Mutex<Outside>,
    over: AtomicBool,
    stale: AtomicUsize,
}

struct Worker<'a> {
    scene: &'a Scene,
    dice: Dice,
}

impl Worker<'_> {
    /// Attempts until every job has ended. An attempt ends early when its lease is lost, and never otherwise.
    fn run(&mut self) {
        while !self.scene.over.load(Ordering::SeqCst) {
            match self.attempt() {
                Ok(()) => {}
                Err(StoreError::LeaseLost { .. }) => {
                    self.scene.stale.fetch_add(1, Ordering::SeqCst);
                }
                Err(error) => panic!("{error:?}"),
            }
        }
    }

    fn attempt(&mut self) -> Result<(), StoreError> {
        let scene = self.scene;
        let store = &scene.store;
        // Claims are told in the order in which they happen.
        let (lease, job) = {
            let mut outside = scene.outside.lock().unwrap();
            let Some((lease, job)) = store.claim(&WorkerId::new("worker"), LEASE)? else {
                drop(outside);
                thread::yield_now();
                return Ok(());
            };
            outside.claimed(&lease);
            (lease, job)
        };
        let recorded = store.items(job.id)?;
        for index in (0..COMMANDS).map(ItemIndex) {
            if recorded.iter().any(|item| item.index == index) {
                continue;
            }
            self.stop();
            let stops = self.stops();
            store.while_held(&lease, || {
                scene.outside.lock().unwrap().publish(&lease, index.0);
                if stops {
                    self.wait();
                }
                scene.outside.lock().unwrap().is_alone(&lease);
            })?;
            self.stop();
            if self.dice.below(3) == 0 {
                store.heartbeat(&lease, LEASE)?;
            }
            let result = NewItem {
                index,
                outcome: ItemOutcome::Succeeded,
                body: lease.fence.to_string(),
            };
            store.record_item(&lease, result, None)?;
            scene.outside.lock().unwrap().recorded(&lease, index.0);
        }
        self.stop();
        store.finish(&lease, Event::Succeeded, vec![], vec![ALL_DONE], None)?;
        scene.outside.lock().unwrap().finished(&lease);
        Ok(())
    }

    fn stop(&mut self) {
        if self.stops() {
            self.wait();
        }
    }

    fn stops(&mut self) -> bool {
        self.dice.below(4) == 0
    }

    /// For longer than a lease, so that the keeper takes the job, if it may, and another gets it.
    fn wait(&self) {
        let until = self.scene.clock.now().plus(LEASE + SECOND);
        while self.scene.clock.now() < until && !self.scene.over.load(Ordering::SeqCst) {
            thread::yield_now();
        }
    }
}

/// Turns the clock and takes back what is late, until all jobs have ended.
fn keep(scene: &Scene, mut dice: Dice) {
    loop {
        scene
            .clock
            .advance(Duration::from_secs(dice.below(20) as u64));
        scene.store.rescue().unwrap();
        if scene.store.counts().unwrap().completed == JOBS {
            return scene.over.store(true, Ordering::SeqCst);
        }
        thread::yield_now();
    }
}

/// Plays a scene to its end. Returns how many attempts found that they were stale, and what they did all the same.
fn play(seed: u64) -> (usize, Vec<String>) {
    let (dir, clock) = (directory(), ManualClock::new());
    // What is tested here is not the disk.
    let options = Options {
        sync: Arc::new(|_, _| Ok(())),
        ..clock.options()
    };
    let scene = Scene {
        store: Store::open(dir.path(), options).unwrap(),
        clock,
        outside: Mutex::default(),
        over: AtomicBool::new(false),
        stale: AtomicUsize::new(0),
    };
    let job = NewJob {
        commands: COMMANDS,
        ..NewJob::default()
    };
    scene.store.enqueue_all(vec![job; JOBS]).unwrap();
    thread::scope(|scope| {
        for worker in 0..WORKERS {
            let dice = Dice::new(seed.wrapping_mul(100) + worker);
            let scene = &scene;
            scope.spawn(move || Worker { scene, dice }.run());
        }
        keep(&scene, Dice::new(seed));
    });
    let outside = scene.outside.into_inner().unwrap();
    for job in scene.store.jobs(None, usize::MAX).unwrap() {
        assert_eq!(job.state, JobState::Completed, "seed {seed}");
        assert!(
            outside.finished.contains_key(&job.id),
            "seed {seed}: {job:?}"
        );
        for item in scene.store.items(job.id).unwrap() {
            let last = outside.published[&(job.id, item.index.0)];
            let said = "what is recorded was published last";
            assert_eq!(item.body, last.to_string(), "seed {seed}: {said}");
        }
        let owed = scene.store.deliveries(job.id).unwrap();
        assert_eq!(owed.len(), 1, "seed {seed}: {job:?}");
    }
    (scene.stale.into_inner(), outside.wrong)
}

#[test]
fn a_worker_that_stopped_past_its_lease_changes_nothing() {
    let scenes = size("scenes", 12, 400);
    let (mut stale, mut wrong) = (0, vec![]);
    for scene in 0..scenes as u64 {
        let (found, accepted) = play(seed() + scene);
        stale += found;
        wrong.extend(accepted);
    }
    note(&[
        ("leases", "scenes", scenes),
        ("leases", "stale", stale),
        ("leases", "accepted", wrong.len()),
    ]);
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(stale > scenes, "only {stale} attempts were stale");
}

/// A process that is stopped keeps its folder: nobody can take over what it may still go on with.
#[test]
fn a_process_that_is_stopped_still_has_its_store() {
    let dir = directory();
    let run = Run {
        test: child::TEST,
        dir: dir.path(),
        seed: 1,
        clients: 1,
        enough: usize::MAX,
        fails: None,
        room: None,
    };
    let mut process = run.command().stdout(Stdio::piped()).spawn().unwrap();
    let said = crate::kill::lines(process.stdout.take().unwrap());
    let works = |line: &String| line.starts_with("ack recorded");
    assert!(said.iter().any(|line| works(&line)));
    let signal = |name: &str| {
        let kill = Command::new("kill")
            .args([name, &process.id().to_string()])
            .status();
        assert!(kill.unwrap().success());
    };
    signal("-STOP");
    let refused = Store::open(&dir.path().join("store"), Options::default()).unwrap_err();
    assert!(matches!(refused, StoreError::InUse { .. }), "{refused:?}");
    signal("-CONT");
    let before = said.try_iter().filter(works).count();
    assert!(
        said.iter().any(|line| works(&line)),
        "it goes on, after {before}"
    );
    process.kill().unwrap();
    process.wait().unwrap();
    let store = Store::open(&dir.path().join("store"), Options::default()).unwrap();
    assert_eq!(store.counts().unwrap().running, 0);
}
