//! The door of the library: opens an engine and passes each request to the file that does it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use opmill_ops::{BucketName, Entry};
use opmill_store::{
    CancelOutcome, Counts, Delivery, DeliveryState, History, JobId, JobState, Options, OwedScope,
    Paused, Space, Store, SyncData, UnixMillis,
};
use tokio::sync::Mutex;

use crate::attempt::Stop;
use crate::buckets::Buckets;
use crate::clock::{Clock, System};
use crate::config::Config;
use crate::error::EngineError;
use crate::events::Events;
use crate::health::{self, Health};
use crate::item::Item;
use crate::job::{Job, JobSpec, Submitted};
use crate::manage::{self, ManageNotification, ManageSpec};
use crate::notify::deliver::is_spaced;
use crate::notify::{Callback, CallbackOutcome};
use crate::notify::{Http, Notification, Transport, query_code};
use crate::place::Place;
use crate::processor::{Media, Processor};
use crate::redrive::{self, Redriven};
use crate::retention;
use crate::shared::{Ingredients, Shared, panicked};
use crate::shutdown::{self, Tasks};
use crate::storage::{self, Storage};
use crate::ufop::{self, Forwarded};
use crate::verdict::owed_when_cancelled;
use crate::web::Web;
use crate::{durable, flight, notify, scheduler, spec::Spec, submit, upkeep, view, work, worker};

/// A media-processing engine on a data directory. Clones are handles of the same engine; when the last one is
/// dropped, running jobs are interrupted. [`Engine::shutdown`] does that gently and waits for it.
#[derive(Clone)]
pub struct Engine {
    handle: Arc<Handle>,
}

struct Handle {
    shared: Arc<Shared>,
    tasks: Arc<Mutex<Option<Tasks>>>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.interrupt();
    }
}

/// The parts of an engine that can be replaced.
pub struct Parts {
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// What turns commands into files.
    pub processor: Arc<dyn Processor>,
    /// What carries notifications; `None` is HTTP with the configuration's timeouts and address rule.
    pub transport: Option<Arc<dyn Transport>>,
    /// The sync under every acknowledgement of the queue. Crash tests put a disk of their own here.
    #[doc(hidden)]
    pub sync: Option<SyncData>,
    /// How much room is left for the queue. Tests put a disk of their own here.
    #[doc(hidden)]
    pub space: Option<Space>,
}

impl Default for Parts {
    fn default() -> Self {
        Self {
            clock: Arc::new(System),
            processor: Arc::new(Media),
            transport: None,
            sync: None,
            space: None,
        }
    }
}

impl Engine {
    /// Opens the data directory, repairs what the last process left, and starts to work.
    ///
    /// # Errors
    /// [`EngineError::Config`] with every problem of the configuration; [`EngineError::Store`] when another process
    /// has the directory or it does not read back; [`EngineError::Bucket`] when a bucket cannot be reached.
    pub async fn open(config: Config) -> Result<Engine, EngineError> {
        Self::open_with(config, Parts::default()).await
    }

    /// [`Engine::open`] with parts of your own.
    pub async fn open_with(config: Config, parts: Parts) -> Result<Engine, EngineError> {
        let engine = Self::assemble(config, parts).await?;
        engine.start().await;
        Ok(engine)
    }

    /// Opens the data directory to look at its jobs, to submit and to cancel: no job runs and no notification is sent
    /// until an engine that was [opened](Engine::open) to work has the directory.
    ///
    /// # Errors
    /// As [`Engine::open`].
    pub async fn open_idle(config: Config) -> Result<Engine, EngineError> {
        Self::assemble(config, Parts::default()).await
    }

    async fn assemble(config: Config, parts: Parts) -> Result<Engine, EngineError> {
        config.validate()?;
        let Parts {
            clock,
            processor,
            transport,
            sync,
            space,
        } = parts;
        let given = &config.data;
        let data = std::path::absolute(given).map_err(|source| EngineError::Work {
            path: given.clone(),
            source,
        })?;
        let transport = match transport {
            Some(transport) => transport,
            None => Arc::new(Http::new(&config.notify)?),
        };
        let web = Web::new(&config.notify)?;
        let buckets = Buckets::open(&config, &data)?;
        let (dir, store_clock) = (data.clone(), Arc::clone(&clock));
        let usual = Options::default();
        let options = Options {
            clock: Arc::new(move || store_clock.now()),
            disk: config.disk,
            space: space.unwrap_or(usual.space),
            sync: sync.unwrap_or(usual.sync),
            ..usual
        };
        let opened = tokio::task::spawn_blocking(move || open_data(&dir, options)).await;
        let (store, counts) = opened.unwrap_or_else(|error| Err(panicked(error)))?;
        let shared = Arc::new(Shared::new(Ingredients {
            config,
            data,
            clock,
            processor,
            transport,
            web,
            buckets,
            store,
        }));
        shared.available(counts.available);
        let tasks = Arc::new(Mutex::new(Some(Tasks::default())));
        Ok(Self {
            handle: Arc::new(Handle { shared, tasks }),
        })
    }

    /// Sets workers, scheduler and deliverer to work.
    async fn start(&self) {
        let shared = self.shared();
        flight::land_all(shared).await;
        // Nobody can have asked this engine to shut down yet, which is what takes the tasks away.
        if let Some(Tasks { workers, services }) = self.handle.tasks.lock().await.as_mut() {
            for number in 0..shared.config.workers.jobs {
                workers.spawn(worker::run(Arc::clone(shared), number));
            }
            services.spawn(scheduler::run(Arc::clone(shared)));
            services.spawn(notify::deliver::run(Arc::clone(shared)));
            services.spawn(notify::callback::run(Arc::clone(shared)));
            services.spawn(retention::run(Arc::clone(shared)));
        }
    }

    /// Takes a job. When this returns, the job survives a power cut.
    ///
    /// A job that does the same work as one that is queued or runs (the same source, unchanged, and the same commands
    /// with the same targets, however they are written) is not run: it [follows](Job::follows) that one and completes
    /// with its results, as a job of its own with its own notifications. Should the other be cancelled or given up, it
    /// runs after all. One that is to [`force`](JobSpec::force), or due later, follows nobody.
    ///
    /// # Errors
    /// Nothing is left behind by [`EngineError::Ops`] (the op string is malformed), [`EngineError::SourceNotFound`],
    /// [`EngineError::TargetExists`] (a `saveas` target is there and the job does not
    /// [`force`](JobSpec::force)), [`EngineError::NotifyUrl`] and [`EngineError::NoKeyPair`]. A command that parses
    /// but is wrong is no error here: it fails alone, with its reason in its item.
    ///
    /// [`EngineError::Store`] with [`StoreError::LowSpace`](crate::StoreError::LowSpace) while the disk is almost full:
    /// a server answers that with 503, and the same request is taken again when there is room.
    pub async fn submit(&self, spec: JobSpec) -> Result<Submitted, EngineError> {
        submit::submit(self.shared(), spec).await
    }

    /// Takes a job that manages objects. When this returns, the job survives a power cut.
    ///
    /// # Errors
    /// Nothing is left behind by [`EngineError::BucketNotFound`], [`EngineError::NotifyUrl`] and
    /// [`EngineError::NoKeyPair`]. What an item cannot do is told in the item.
    pub async fn manage(&self, spec: ManageSpec) -> Result<Submitted, EngineError> {
        manage::submit(self.shared(), spec).await
    }

    /// The job that was submitted under this idempotency key, if there is one.
    pub async fn find(
        &self,
        idempotency_key: impl Into<String>,
    ) -> Result<Option<JobId>, EngineError> {
        let key = idempotency_key.into();
        self.shared().store(move |store| store.find(&key)).await
    }

    /// A job and its items; `None` when there is no job of this id.
    pub async fn job(&self, id: JobId) -> Result<Option<Job>, EngineError> {
        let shared = self.shared();
        let mut job = shared.blocking(move |store| view::job(store, id)).await?;
        if let Some(job) = &mut job {
            shared.add_progress(job);
        }
        Ok(job)
    }

    /// What went wrong with a job so far: attempts that failed and why, workers that were lost and with which commands,
    /// and when it was run again. Empty for most jobs.
    pub async fn history(&self, id: JobId) -> Result<History, EngineError> {
        self.shared().store(move |store| store.history(id)).await
    }

    /// The items of a job, one per command.
    pub async fn items(&self, id: JobId) -> Result<Vec<Item>, EngineError> {
        self.known(id).await.map(|job| job.items)
    }

    /// Up to `limit` jobs after that one, in order of submission.
    pub async fn jobs(&self, after: Option<JobId>, limit: usize) -> Result<Vec<Job>, EngineError> {
        self.shared()
            .blocking(move |store| view::jobs(store, after, limit))
            .await
    }

    /// The jobs that were given up ([`Job::is_dead`]), longest ago first. [`Engine::retry`] runs one again.
    pub async fn dead(&self) -> Result<Vec<JobId>, EngineError> {
        self.shared().store(|store| store.discarded()).await
    }

    /// How many jobs stand where. Looks at every job's index entry.
    pub async fn counts(&self) -> Result<Counts, EngineError> {
        self.shared().store(|store| store.counts()).await
    }

    /// Waits until a job is final.
    ///
    /// # Errors
    /// [`EngineError::Closed`] when the engine is shut down first; the job goes on at the next start.
    /// [`EngineError::Broken`] when the disk of the queue refuses to sync.
    pub async fn wait(&self, id: JobId) -> Result<Job, EngineError> {
        self.watch(id, move |store| {
            Ok(Some(view::known(store, id)?).filter(Job::is_final))
        })
        .await
    }

    /// Waits until a job is final and nothing is about to happen to the notifications it owes: each was delivered,
    /// was given up, or waits for a spaced retry.
    pub async fn settle(&self, id: JobId) -> Result<Vec<Delivery>, EngineError> {
        self.wait(id).await?;
        let config = self.shared().config.notify.clone();
        let look = move |store: &Store| {
            let now = store.now();
            let is_settled = |delivery: &Delivery| match delivery.state {
                DeliveryState::Delivered { .. } | DeliveryState::GivenUp { .. } => true,
                DeliveryState::Due { at } => is_spaced(&config, delivery.attempts) && at > now,
            };
            Ok(Some(store.deliveries(id)?).filter(|deliveries| deliveries.iter().all(is_settled)))
        };
        self.watch(id, look).await
    }

    /// Every notification a job ever owed, oldest first.
    pub async fn deliveries(&self, id: JobId) -> Result<Vec<Delivery>, EngineError> {
        self.shared().store(move |store| store.deliveries(id)).await
    }

    /// Cancels a job, and no other that does the same work: at once if it is not running; a running one stops at its next
    /// packet or frame and is final within two seconds ([`Engine::wait`]), whatever its codec does.
    ///
    /// Commands that have a result keep it. The others get none: they show as
    /// [`Cancelled`](crate::ItemStatus::Cancelled), and run should the job be [run again](Engine::retry).
    pub async fn cancel(&self, id: JobId) -> Result<CancelOutcome, EngineError> {
        let shared = self.shared();
        let outcome = shared
            .blocking(move |store| {
                let record = store.job(id)?.ok_or(EngineError::UnknownJob { job: id })?;
                let recorded = store.items(id)?;
                let is_open =
                    |index: &usize| recorded.iter().all(|item| item.index.0 as usize != *index);
                let open: Vec<usize> = (0..record.commands as usize).filter(is_open).collect();
                let owed = owed_when_cancelled(&Spec::of(&record)?, &open);
                Ok(store.cancel(id, owed)?)
            })
            .await?;
        match &outcome {
            CancelOutcome::Cancelled => {
                shared.finished(id, JobState::Cancelled);
                flight::land(shared, id).await;
            }
            CancelOutcome::Requested => shared.running.stop(id, Stop::Cancelled),
            CancelOutcome::AlreadyFinal(_) => {}
        }
        Ok(outcome)
    }

    /// Begins no job with a source in this bucket, or none at all with `None`, until [`Engine::unpause`]; also after a
    /// restart. Jobs that run go on, and jobs can be submitted.
    pub async fn pause(&self, bucket: Option<&BucketName>) -> Result<(), EngineError> {
        let lane = bucket.map(BucketName::to_string);
        self.shared()
            .store(move |store| store.pause(lane.as_deref()))
            .await
    }

    /// Ends the pause of a bucket, or with `None` the one of everything; says whether there was one.
    pub async fn unpause(&self, bucket: Option<&BucketName>) -> Result<bool, EngineError> {
        let lane = bucket.map(BucketName::to_string);
        let shared = self.shared();
        let ended = shared
            .store(move |store| store.resume(lane.as_deref()))
            .await?;
        // Workers that found nothing to do look again.
        shared.ready.notify_one();
        Ok(ended)
    }

    /// What is paused, by bucket.
    pub async fn paused(&self) -> Result<Paused, EngineError> {
        self.shared().store(|store| store.paused()).await
    }

    /// Runs the commands of a final job again that failed or were cancelled; those that succeeded are kept.
    ///
    /// # Errors
    /// [`EngineError::UnknownJob`], [`EngineError::NotFinal`].
    pub async fn retry(&self, id: JobId) -> Result<Redriven, EngineError> {
        redrive::retry(self.shared(), id).await
    }

    /// Makes sure that a job that was submitted before has its results: runs those commands of a final job again that
    /// have none, that failed for a reason that may have passed, or whose output is gone or has another size than it
    /// had. A job that is not final is left to run. Commands that cannot succeed are left failed.
    pub async fn resume(&self, id: JobId) -> Result<Redriven, EngineError> {
        redrive::resume(self.shared(), id).await
    }

    /// Whether it takes jobs and runs them, at this moment.
    pub fn health(&self) -> Health {
        health::of(self.shared())
    }

    /// Waits until the disk of the queue fails, and says how: nothing can be promised any more, the workers stop, and
    /// the process is best ended, with an exit code that tells its supervisor. `None` when the engine is shut down first.
    pub async fn wait_failed(&self) -> Option<EngineError> {
        health::wait_failed(self.shared()).await
    }

    /// Sends the callback of an upload, and again at once as the configuration says (wire.md 4.4). One that is not taken by
    /// then goes on being tried in the background, across restarts.
    pub async fn call_back(&self, callback: Callback) -> Result<CallbackOutcome, EngineError> {
        notify::callback::send(self.shared(), callback).await
    }

    /// Passes an object on to an app of the configuration, and gives its answer (wire.md 8).
    ///
    /// # Errors
    /// [`EngineError::ObjectNotFound`] before anyone is asked; [`EngineError::AppNotFound`],
    /// [`EngineError::AppUnreachable`] and [`EngineError::AppTimeout`].
    pub async fn forward(&self, app: &str, entry: &Entry) -> Result<Forwarded, EngineError> {
        ufop::forward(self.shared(), app, entry).await
    }

    /// The time by its clock.
    pub fn now(&self) -> UnixMillis {
        self.shared().now()
    }

    /// The objects of its buckets: put, looked at, read, listed, copied, renamed, deleted.
    pub fn storage(&self) -> Storage {
        Storage::new(Arc::clone(self.shared()))
    }

    /// What happens from now on. Events are for following along; what a job came to is in [`Engine::job`].
    pub fn events(&self) -> Events {
        self.shared().events.listen()
    }

    /// A job as its notification shows it: code 3 when it is final, else 1.
    pub async fn notification(&self, id: JobId) -> Result<Notification, EngineError> {
        let job = self.known(id).await?;
        let code = if job.is_final() {
            notify::payload::DONE
        } else {
            notify::payload::IN_PROGRESS
        };
        Ok(Notification::about(&job, OwedScope::All, code))
    }

    /// A job as a status query shows it, with the codes of wire.md 5.3.
    pub async fn status(&self, id: JobId) -> Result<Notification, EngineError> {
        let (job, deliveries) = self
            .shared()
            .blocking(move |store| Ok((view::known(store, id)?, store.deliveries(id)?)))
            .await?;
        if job.manages.is_some() {
            return Err(EngineError::UnknownJob { job: id });
        }
        Ok(Notification::about(
            &job,
            OwedScope::All,
            query_code(&job.state, &deliveries),
        ))
    }

    /// A job that manages objects, as a status query shows it.
    ///
    /// # Errors
    /// [`EngineError::UnknownJob`], also for a job of ops.
    pub async fn manage_status(&self, id: JobId) -> Result<ManageNotification, EngineError> {
        let (job, deliveries) = self
            .shared()
            .blocking(move |store| Ok((view::known(store, id)?, store.deliveries(id)?)))
            .await?;
        match job.manages {
            Some(_) => {
                let code = query_code(&job.state, &deliveries);
                Ok(ManageNotification::about(&job, OwedScope::All, code))
            }
            None => Err(EngineError::UnknownJob { job: id }),
        }
    }

    /// The file an output of a job is; `None` when it is in remote storage or its bucket is not there any more.
    pub fn path(&self, job: &Job, entry: &Entry) -> Option<PathBuf> {
        match self.shared().buckets.place(entry, job.out.as_deref()) {
            Ok(Place::File(path)) => Some(path),
            Ok(Place::Object(..)) | Err(_) => None,
        }
    }

    /// Forgets up to `limit` jobs that became final before that time, oldest first; how many. A job with a
    /// notification still due is kept. Outputs are not touched.
    pub async fn prune(
        &self,
        finished_before: UnixMillis,
        limit: usize,
    ) -> Result<usize, EngineError> {
        self.shared()
            .store(move |store| store.prune(finished_before, limit))
            .await
    }

    /// Syncs of the queue's disk since the engine was opened, for measurements.
    pub fn syncs(&self) -> u64 {
        self.shared().borrow_store(Store::syncs).unwrap_or_default()
    }

    /// Ends the engine: no new claims; running jobs may finish for [`drain`](crate::config::Workers::drain), then they
    /// are interrupted and their attempts given back; the data directory is released. Waiting callers hear
    /// [`EngineError::Closed`]. Calling it again waits for the first call.
    pub async fn shutdown(&self) -> Result<(), EngineError> {
        let handle = &self.handle;
        // A task of its own: once begun, the end comes even if the caller stops waiting.
        let end = tokio::spawn(shutdown::shutdown(
            Arc::clone(&handle.shared),
            Arc::clone(&handle.tasks),
        ));
        end.await.unwrap_or_else(|error| Err(panicked(error)))
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.handle.shared
    }

    async fn known(&self, id: JobId) -> Result<Job, EngineError> {
        self.shared()
            .blocking(move |store| view::known(store, id))
            .await
    }

    /// Looks at a job whenever it changed, until `look` finds something.
    async fn watch<T: Send + 'static>(
        &self,
        id: JobId,
        look: impl Fn(&Store) -> Result<Option<T>, EngineError> + Clone + Send + 'static,
    ) -> Result<T, EngineError> {
        let watch = self.shared().watchers.watch(id);
        loop {
            let mut changed = std::pin::pin!(watch.bell.notified());
            changed.as_mut().enable();
            // A closed engine has no store to look into, which ends the wait.
            let look = look.clone();
            let look_at_the_disk = move |store: &Store| {
                let found = look(store)?;
                // What was seen may still be on its way to the disk, and never get there.
                found.is_some().then(|| store.flush()).transpose()?;
                Ok(found)
            };
            if let Some(found) = self.shared().blocking(look_at_the_disk).await? {
                return Ok(found);
            }
            if let Some(broken) = self.shared().broken() {
                return Err(broken);
            }
            changed.await;
        }
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("data", &self.shared().data)
            .finish_non_exhaustive()
    }
}

/// The store first: its lock says that the work directories of others are stale.
fn open_data(data: &Path, options: Options) -> Result<(Store, Counts), EngineError> {
    durable::create_dirs(data).map_err(|source| EngineError::Work {
        path: data.to_owned(),
        source,
    })?;
    let store = Store::open(&data.join(upkeep::STORE), options)?;
    work::sweep(data)?;
    storage::sweep_uploads(data)?;
    let counts = store.counts()?;
    Ok((store, counts))
}
