//! The plumbing of the stories: an engine on a temporary directory, with a scripted processor, a clock turned by hand
//! and a recording transport.

use std::fs;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use opmill_engine::clock::Manual;
use opmill_engine::{
    BucketConfig, Config, Engine, EngineEvent, Events, Job, JobId, JobSpec, KeyPair, Parts,
    UnixMillis,
};
use opmill_store::{Space, SyncData};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::recorder::Recorder;
use crate::script::Script;

pub const LEASE: Duration = Duration::from_secs(30);
pub const SECOND: Duration = Duration::from_secs(1);
pub const RECEIVER: &str = "http://receiver.example/notify?x=1";
pub const START: UnixMillis = UnixMillis::new(1_700_000_000_000);

/// Nothing in a story takes this long; what does will never happen.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct World {
    pub engine: Engine,
    pub script: Script,
    pub clock: Arc<Manual>,
    pub receiver: Recorder,
    pub config: Config,
    /// The engine's own threads: dropping them is the death of its process.
    runtime: Option<Runtime>,
    dir: Arc<TempDir>,
}

/// A world before it starts.
pub struct Seed {
    script: Script,
    receiver: Recorder,
    pub config: Config,
    clock: Arc<Manual>,
    sync: Option<SyncData>,
    space: Option<Space>,
    dir: Arc<TempDir>,
}

impl Seed {
    pub fn new(script: Script) -> Self {
        let dir = TempDir::new().unwrap();
        let mut config = Config::at(dir.path().join("data"));
        config.public_url = "http://127.0.0.1:8080".to_owned();
        config
            .buckets
            .insert("bkt".to_owned(), BucketConfig::default());
        config.keys = vec![
            KeyPair::new("testak", "testsk"),
            KeyPair::new("otherak", "othersk"),
        ];
        config.workers.cores = 4;
        config.workers.jobs = 2;
        // Stories that are about room say how much there is.
        config.admission.cores = 64;
        config.workers.lease = LEASE;
        config.workers.drain = Duration::ZERO;
        config.retry.jitter = 0.0;
        let receiver = Recorder::taking();
        let (clock, dir) = (Arc::new(Manual::new(START)), Arc::new(dir));
        Self {
            script,
            receiver,
            config,
            clock,
            sync: None,
            space: None,
            dir,
        }
    }

    pub fn config(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    pub fn script(mut self, script: Script) -> Self {
        self.script = script;
        self
    }

    /// How much room the disk of the queue has.
    pub fn space(mut self, space: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        self.space = Some(Arc::new(move |_| Ok(space())));
        self
    }

    /// What the disk of the queue does when it is asked to sync.
    pub fn sync(mut self, sync: impl Fn() -> std::io::Result<()> + Send + Sync + 'static) -> Self {
        self.sync = Some(Arc::new(move |_, file| {
            sync().and_then(|()| file.sync_data())
        }));
        self
    }

    pub fn receiver(mut self, receiver: Recorder) -> Self {
        self.receiver = receiver;
        self
    }

    pub async fn start(self) -> World {
        let source = self.dir.path().join("data/buckets/bkt/v.mp4");
        fs::create_dir_all(source.parent().unwrap()).unwrap();
        if !source.exists() {
            fs::write(source, "0123456789").unwrap();
        }
        let Self {
            script,
            receiver,
            config,
            clock,
            sync,
            space,
            dir,
        } = self;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let parts = Parts {
            clock: Arc::clone(&clock) as _,
            processor: Arc::new(script.clone()),
            transport: Some(Arc::new(receiver.clone())),
            sync,
            space,
        };
        let opening = runtime.spawn(Engine::open_with(config.clone(), parts));
        let engine = soon(opening).await.unwrap().unwrap();
        World {
            engine,
            script,
            clock,
            receiver,
            config,
            runtime: Some(runtime),
            dir,
        }
    }
}

impl World {
    pub async fn start(script: Script) -> World {
        Seed::new(script).start().await
    }

    pub fn spec(&self, ops: &str) -> JobSpec {
        JobSpec::object("bkt:v.mp4".parse().unwrap(), ops)
    }

    pub async fn submit(&self, ops: &str) -> JobId {
        self.submit_spec(self.spec(ops)).await
    }

    pub async fn submit_spec(&self, spec: JobSpec) -> JobId {
        soon(self.engine.submit(spec)).await.unwrap().id
    }

    /// The job once it is final.
    pub async fn end(&self, job: JobId) -> Job {
        soon(self.engine.wait(job)).await.unwrap()
    }

    /// The job as it is.
    pub async fn job(&self, job: JobId) -> Job {
        self.engine.job(job).await.unwrap().unwrap()
    }

    /// Submits and waits for the end.
    pub async fn run(&self, ops: &str) -> Job {
        let job = self.submit(ops).await;
        self.end(job).await
    }

    pub fn events(&self) -> Listener {
        Listener(self.engine.events())
    }

    /// The process dies: nothing it was doing is finished.
    pub async fn kill(mut self) -> Seed {
        let runtime = self.runtime.take().unwrap();
        tokio::task::spawn_blocking(move || runtime.shutdown_timeout(PATIENCE))
            .await
            .unwrap();
        self.seed()
    }

    /// The embedder lets go of the engine without a word; the process goes on.
    pub async fn drop_engine(mut self, script: Script) -> World {
        let runtime = self.runtime.take().unwrap();
        let mut events = self.events();
        let seed = self.seed();
        drop(self);
        // Its tasks end by themselves; the stream of events ends with the last of them.
        soon(async { while events.0.next().await.is_some() {} }).await;
        tokio::task::spawn_blocking(move || runtime.shutdown_timeout(PATIENCE))
            .await
            .unwrap();
        seed.script(script).start().await
    }

    pub async fn kill_and_reopen(self, script: Script) -> World {
        self.kill().await.script(script).start().await
    }

    /// The process ends in good order.
    pub async fn shut_down(self) -> Seed {
        soon(self.engine.shutdown()).await.unwrap();
        self.seed()
    }

    pub async fn reopen(self, script: Script) -> World {
        self.shut_down().await.script(script).start().await
    }

    fn seed(&self) -> Seed {
        Seed {
            script: self.script.clone(),
            receiver: self.receiver.clone(),
            config: self.config.clone(),
            clock: Arc::clone(&self.clock),
            sync: None,
            space: None,
            dir: Arc::clone(&self.dir),
        }
    }

    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The file of an object in a bucket of the data directory.
    pub fn object(&self, bucket: &str, key: &str) -> PathBuf {
        self.config.data.join("buckets").join(bucket).join(key)
    }

    pub fn content(&self, bucket: &str, key: &str) -> String {
        fs::read_to_string(self.object(bucket, key)).unwrap()
    }

    /// Every file below the directory of the world, except the queue's own.
    pub fn files(&self) -> Vec<String> {
        let mut files = Vec::new();
        list(self.dir(), self.dir(), &mut files);
        files.retain(|file| !file.starts_with("data/store"));
        files.sort();
        files
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn list(root: &Path, dir: &Path, files: &mut Vec<String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            list(root, &path, files);
        } else {
            files.push(
                path.strip_prefix(root)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned(),
            );
        }
    }
}

/// Events, waited for with patience.
pub struct Listener(Events);

impl Listener {
    /// The first event that `pick` makes something of.
    pub async fn find<T>(&mut self, mut pick: impl FnMut(&EngineEvent) -> Option<T>) -> T {
        let found = async {
            loop {
                let event = self
                    .0
                    .next()
                    .await
                    .expect("the engine closed before the event came");
                if let Some(found) = pick(&event) {
                    return found;
                }
            }
        };
        soon(found).await
    }

    /// When the next attempt is due, and why.
    pub async fn retrying(&mut self) -> (UnixMillis, String) {
        self.find(|event| match event {
            EngineEvent::Retrying { at, error, .. } => Some((*at, error.clone())),
            _ => None,
        })
        .await
    }

    /// The next attempt at a delivery that failed: how many did, and when it is tried again.
    pub async fn delivery_failed(&mut self) -> (u32, Option<UnixMillis>) {
        self.find(|event| match event {
            EngineEvent::DeliveryFailed { attempts, next, .. } => Some((*attempts, *next)),
            _ => None,
        })
        .await
    }

    /// The next command that has its result.
    pub async fn item(&mut self) -> u32 {
        self.find(|event| match event {
            EngineEvent::Item { item, .. } => Some(item.index.0),
            _ => None,
        })
        .await
    }

    pub async fn delivered(&mut self) {
        self.find(|event| matches!(event, EngineEvent::Delivered { .. }).then_some(()))
            .await;
    }

    pub async fn interrupted(&mut self) {
        self.find(|event| matches!(event, EngineEvent::Interrupted { .. }).then_some(()))
            .await;
    }

    pub async fn lease_lost(&mut self) {
        self.find(|event| matches!(event, EngineEvent::LeaseLost { .. }).then_some(()))
            .await;
    }

    pub async fn all(mut self) -> Vec<EngineEvent> {
        let mut events = Vec::new();
        while let Some(event) = soon(self.0.next()).await {
            events.push(event);
        }
        events
    }
}

/// Between two looks at something that rings no bell, such as a renewed lease. Looking without a pause would keep the
/// store's lock from those who are to change it.
pub async fn a_moment() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

/// The future's result, or the end of the test.
pub async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future)
        .await
        .expect("it never happened")
}
