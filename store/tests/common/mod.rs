//! What the stories need and should not have to say: a directory, a clock to turn by hand, a worker.
#![allow(dead_code)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use opmill_store::{
    Delivery, Event, Item, ItemIndex, ItemOutcome, Job, JobId, JobState, Lease, NewItem, NewJob,
    Options, Owed, OwedScope, Store, StoredObject, UnixMillis, WorkerId,
};

pub const LEASE: Duration = Duration::from_secs(30);
pub const SECOND: Duration = Duration::from_secs(1);
pub const MINUTE: Duration = Duration::from_secs(60);
/// When the manual clock starts.
pub const START: UnixMillis = UnixMillis::new(1_700_000_000_000);

/// A clock that stands until it is turned.
#[derive(Clone)]
pub struct ManualClock(Arc<AtomicU64>);

impl ManualClock {
    pub fn new() -> Self {
        Self(Arc::new(AtomicU64::new(START.get())))
    }

    pub fn now(&self) -> UnixMillis {
        UnixMillis::new(self.0.load(Ordering::SeqCst))
    }

    pub fn set(&self, now: UnixMillis) {
        self.0.store(now.get(), Ordering::SeqCst);
    }

    pub fn advance(&self, by: Duration) {
        self.set(self.now().plus(by));
    }

    pub fn options(&self) -> Options {
        let clock = self.clone();
        Options {
            clock: Arc::new(move || clock.now()),
            ..Options::default()
        }
    }
}

/// A directory that goes when the test ends; on the disk that is built on, since `/tmp` may be memory.
pub fn directory() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

/// A store in a directory of its own.
pub struct World {
    dir: tempfile::TempDir,
    pub clock: ManualClock,
    store: Option<Store>,
}

impl World {
    pub fn new() -> World {
        let dir = directory();
        let clock = ManualClock::new();
        let store = Store::open(dir.path(), clock.options()).unwrap();
        World {
            dir,
            clock,
            store: Some(store),
        }
    }

    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    /// Closes the store, lets `meanwhile` at the directory, and opens it again.
    pub fn reopen_after(&mut self, meanwhile: impl FnOnce(&Path)) -> &Store {
        self.close();
        meanwhile(self.dir.path());
        self.store
            .insert(Store::open(self.dir.path(), self.clock.options()).unwrap())
    }

    pub fn reopen(&mut self) -> &Store {
        self.reopen_after(|_| ())
    }

    pub fn close(&mut self) {
        if let Some(store) = self.store.take() {
            store.close().unwrap();
        }
    }

    // ---- a client

    /// A job of two commands.
    pub fn submit(&self) -> JobId {
        self.submit_with(NewJob::default())
    }

    pub fn submit_with(&self, job: NewJob) -> JobId {
        self.store()
            .enqueue(NewJob { commands: 2, ..job })
            .unwrap()
            .id
    }

    pub fn job(&self, id: JobId) -> Job {
        self.store().job(id).unwrap().unwrap()
    }

    pub fn state(&self, id: JobId) -> JobState {
        self.job(id).state
    }

    pub fn items(&self, id: JobId) -> Vec<Item> {
        self.store().items(id).unwrap()
    }

    pub fn deliveries(&self, id: JobId) -> Vec<Delivery> {
        self.store().deliveries(id).unwrap()
    }

    // ---- a worker

    pub fn try_claim(&self) -> Option<(Lease, Job)> {
        self.store().claim(&WorkerId::new("worker"), LEASE).unwrap()
    }

    pub fn claim(&self) -> Lease {
        self.try_claim().unwrap().0
    }

    pub fn finish(&self, lease: &Lease, event: Event) -> JobState {
        self.store()
            .finish(lease, event, vec![], vec![], None)
            .unwrap()
    }

    /// A job that was run and succeeded.
    pub fn completed(&self) -> JobId {
        let id = self.submit();
        self.finish(&self.claim(), Event::Succeeded);
        id
    }
}

pub fn done(index: u32) -> NewItem {
    NewItem {
        index: ItemIndex(index),
        outcome: ItemOutcome::Succeeded,
        body: format!(r#"{{"command":{index}}}"#),
    }
}

pub const ALL_DONE: Owed = Owed {
    scope: OwedScope::All,
    code: 3,
};

pub fn command_done(index: u32) -> Owed {
    Owed {
        scope: OwedScope::Command(ItemIndex(index)),
        code: 3,
    }
}

pub fn object() -> StoredObject {
    let hash = "FgXnBxUvfG5iLMtIVIqPNi3aq5Gf".to_owned();
    StoredObject {
        hash,
        size: 1,
        mime: None,
        modified: START,
        stored: START,
        expires: None,
    }
}

/// sled alone, for tampering. Its threads may keep the lock for a moment after a store was dropped.
pub fn tamper(dir: &Path, change: impl FnOnce(&sled::Db)) {
    let config = sled::Config::new().path(dir).cache_capacity(8 << 20);
    let db = loop {
        match config.open() {
            Err(sled::Error::Io(busy)) if busy.to_string().contains("acquire lock") => {
                std::thread::yield_now();
            }
            opened => break opened.unwrap(),
        }
    };
    change(&db);
    db.flush().unwrap();
}

/// The bytes of an id.
pub fn id_bytes(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}
