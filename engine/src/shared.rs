//! What every part of an engine shares: the configuration, the seams, the store, and the bells that wake one part when
//! another has done something.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use opmill_store::{JobId, JobState, Limits, Store, StoreError, UnixMillis};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::JoinError;

use crate::admission::Admission;
use crate::attempt::Running;
use crate::buckets::Buckets;
use crate::clock::Clock;
use crate::config::{BucketConfig, Config};
use crate::cores::{Cores, Share};
use crate::entry_locks::EntryLocks;
use crate::error::{self, EngineError};
use crate::events::{Broadcast, EngineEvent};
use crate::item::ItemStatus;
use crate::job::Job;
use crate::lock::lock;
use crate::machine;
use crate::notify::Transport;
use crate::processor::Processor;
use crate::shutdown::Stage;
use crate::timetable::Timetable;
use crate::watchers::Watchers;
use crate::web::Web;

pub(crate) struct Shared {
    pub config: Config,
    /// The data directory, absolute.
    pub data: PathBuf,
    pub clock: Arc<dyn Clock>,
    pub processor: Arc<dyn Processor>,
    pub transport: Arc<dyn Transport>,
    /// Requests to addresses that others gave.
    pub web: Web,
    pub buckets: Buckets,
    pub cores: Cores,
    pub admission: Admission,
    /// Who is changing which object.
    pub entries: EntryLocks,
    /// Looks into files that are answered at once.
    pub looks: Semaphore,
    /// Most running jobs of each limited bucket.
    pub lane_limits: Limits,
    pub events: Arc<Broadcast>,
    pub running: Running,
    pub watchers: Watchers,
    pub stage: watch::Sender<Stage>,
    /// Rings when a job may be available.
    pub ready: Notify,
    pub timetable: Timetable,
    /// Rings when a delivery may be due.
    pub outbox: Notify,
    /// Rings when a callback may be due.
    pub messages: Notify,
    /// About how many jobs are available; a claim that finds none sets it right.
    backlog: AtomicUsize,
    store: Mutex<Option<Store>>,
    /// Why the store stopped taking writes, if it did.
    broken: OnceLock<String>,
}

/// What [`Shared::new`] puts together.
pub(crate) struct Ingredients {
    pub config: Config,
    pub data: PathBuf,
    pub clock: Arc<dyn Clock>,
    pub processor: Arc<dyn Processor>,
    pub transport: Arc<dyn Transport>,
    pub web: Web,
    pub buckets: Buckets,
    pub store: Store,
}

/// A bucket is the lane of its jobs.
fn lane_limits(config: &Config) -> Limits {
    let limit =
        |(name, bucket): (&String, &BucketConfig)| Some((name.clone(), bucket.concurrency?));
    config.buckets.iter().filter_map(limit).collect()
}

impl Shared {
    pub fn new(parts: Ingredients) -> Self {
        let Ingredients {
            config,
            data,
            clock,
            processor,
            transport,
            web,
            buckets,
            store,
        } = parts;
        Self {
            cores: Cores::new(config.workers.cores),
            admission: Admission::new(&config.admission, machine::free(&data)),
            lane_limits: lane_limits(&config),
            entries: EntryLocks::default(),
            looks: Semaphore::new(config.workers.cores.max(1)),
            config,
            data,
            clock,
            processor,
            transport,
            web,
            buckets,
            events: Arc::new(Broadcast::new()),
            running: Running::default(),
            watchers: Watchers::default(),
            stage: watch::Sender::new(Stage::Open),
            ready: Notify::new(),
            timetable: Timetable::new(),
            outbox: Notify::new(),
            messages: Notify::new(),
            backlog: AtomicUsize::new(0),
            store: Mutex::new(Some(store)),
            broken: OnceLock::new(),
        }
    }

    pub fn now(&self) -> UnixMillis {
        self.clock.now()
    }

    /// Runs a verb of the store where blocking is allowed.
    pub async fn store<T: Send + 'static>(
        &self,
        verb: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, EngineError> {
        self.blocking(move |store| verb(store).map_err(EngineError::from))
            .await
    }

    /// Runs something that blocks, with the store at hand.
    pub async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<T, EngineError> {
        let gone = || self.broken().unwrap_or(EngineError::Closed);
        let store = lock(&self.store).clone().ok_or_else(gone)?;
        let done = tokio::task::spawn_blocking(move || work(&store))
            .await
            .unwrap_or_else(|error| Err(panicked(error)));
        done.map_err(|error| match error {
            EngineError::Store(error) => self.refused(error),
            error => error,
        })
    }

    /// What the store's refusal means for the engine.
    pub fn refused(&self, error: StoreError) -> EngineError {
        match error {
            StoreError::Failed { .. } => self.break_down(&error),
            error => EngineError::Store(error),
        }
    }

    /// The disk refused a sync: nothing can be acknowledged any more, so everything stops and everyone who waits hears
    /// why. A restart reads what is really on disk.
    fn break_down(&self, error: &StoreError) -> EngineError {
        let cause = error::report(error);
        if self.broken.set(cause.clone()).is_ok() {
            tracing::error!(error = cause, "the engine stops");
            self.interrupt();
            self.watchers.all_changed();
        }
        EngineError::Broken { cause }
    }

    /// Why the disk of the queue cannot be trusted any more, if so.
    pub fn broken(&self) -> Option<EngineError> {
        self.broken.get().map(|cause| EngineError::Broken {
            cause: cause.clone(),
        })
    }

    /// Why nothing will happen any more, if so.
    pub fn trouble(&self) -> Option<EngineError> {
        let closing = || (self.stage() >= Stage::Draining).then_some(EngineError::Closed);
        self.broken().or_else(closing)
    }

    /// Takes the store away; every later verb is refused.
    pub fn take_store(&self) -> Option<Store> {
        lock(&self.store).take()
    }

    /// The store, for figures the engine does not pass on.
    pub fn borrow_store<T>(&self, look: impl FnOnce(&Store) -> T) -> Option<T> {
        lock(&self.store).as_ref().map(look)
    }

    /// `count` jobs became available.
    pub fn available(&self, count: usize) {
        if count > 0 {
            self.backlog.fetch_add(count, Ordering::Relaxed);
            self.ready.notify_one();
        }
    }

    /// A claim was tried: it got a job, or there was none.
    pub fn claimed(&self, found: bool) {
        let left = |backlog: usize| Some(if found { backlog.saturating_sub(1) } else { 0 });
        // The closure always returns Some.
        let _ = self
            .backlog
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, left);
    }

    /// How many jobs run, or could at once: the ones that share the cores.
    fn claimants(&self) -> usize {
        let wanted = self.running.count() + self.backlog.load(Ordering::Relaxed);
        wanted.clamp(1, self.config.workers.jobs)
    }

    /// The progress of a job that runs here, which the store hears of with the next heartbeat only.
    pub fn add_progress(&self, job: &mut Job) {
        let attempt = self.running.get(job.id);
        for item in job
            .items
            .iter_mut()
            .filter(|item| item.status == ItemStatus::Running)
        {
            let reading = attempt
                .as_ref()
                .and_then(|attempt| attempt.progress.get(item.index));
            item.progress = reading.or(item.progress);
        }
    }

    /// The cores of a job that can have so much company: cores of jobs that do not fit beside it would lie idle.
    pub fn share(&self, company: usize) -> Share {
        let company = company.max(self.running.count());
        self.cores.share(self.claimants().min(company))
    }

    /// A job became final and that is on disk: tells everyone who waits or listens, and the outbox.
    pub fn finished(&self, job: JobId, state: JobState) {
        self.events.send(EngineEvent::Finished { job, state });
        self.watchers.changed(job);
        self.outbox.notify_one();
    }
}

/// A panic in a task becomes an error of whoever waited for it; a cancelled task belongs to a runtime that ends.
pub(crate) fn panicked(error: JoinError) -> EngineError {
    match error.try_into_panic() {
        Ok(panic) => EngineError::Panicked(panic_message(&*panic)),
        Err(_) => EngineError::Closed,
    }
}

/// What a panic said.
pub(crate) fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}
