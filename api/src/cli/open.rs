//! Opens the data directory, the way the command line works on it. Shared by `run` and `jobs`.

use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use opmill_engine::config::{Admission, Notify, Retention, Retry, Workers};
use opmill_engine::{Config, Engine, EngineError, KeyPair, StoreError};

use super::CliError;

const ACCESS_KEY: &str = "OPMILL_ACCESS_KEY";
const SECRET_KEY: &str = "OPMILL_SECRET_KEY";

/// How to work on a queue.
#[derive(Debug, Default)]
pub struct Worker {
    /// What notifications are signed with; those that earlier runs still owe, too.
    pub keys: Option<KeyPair>,
    /// Jobs at the same time; one per core without it.
    pub jobs: Option<NonZeroUsize>,
}

/// The key pair of the environment, if it has one.
pub fn keys() -> Result<Option<KeyPair>, CliError> {
    let read = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    match (read(ACCESS_KEY), read(SECRET_KEY)) {
        (Some(access), Some(secret)) => Ok(Some(KeyPair::new(access, secret))),
        (None, None) => Ok(None),
        (Some(_), None) => Err(CliError::HalfAKey {
            given: ACCESS_KEY,
            missing: SECRET_KEY,
        }),
        (None, Some(_)) => Err(CliError::HalfAKey {
            given: SECRET_KEY,
            missing: ACCESS_KEY,
        }),
    }
}

/// An engine that runs the queue.
pub async fn working(data: &Path, worker: Worker) -> Result<Engine, CliError> {
    let workers = Workers {
        jobs: worker
            .jobs
            .map_or(Workers::default().jobs, NonZeroUsize::get),
        // Someone pressed Ctrl-C and waits.
        drain: Duration::from_secs(3),
        ..Workers::default()
    };
    // Who asks for more jobs than there are cores means it.
    let mut admission = Admission::default();
    admission.cores = admission.cores.max(workers.jobs);
    // Someone waits here as well, and can give the same command line again once the cause is mended.
    let retry = Retry {
        attempts: 3,
        first: Duration::from_secs(1),
        factor: 3.0,
        // Whoever kills a batch by hand, again and again, has reasons that are not in the batch.
        poison: 10,
        ..Retry::default()
    };
    // The address was typed by the user himself, so his own machine is a fair target.
    // A batch may outlast a receiver's restart by hours, and what is owed at its end waits for the next run.
    let notify = Notify {
        allow_private_addresses: true,
        spacing: Duration::from_secs(10),
        spaced_retries: 360,
        ..Notify::default()
    };
    let config = Config {
        keys: worker.keys.into_iter().collect(),
        workers,
        admission,
        retry,
        notify,
        // The same command line must find its finished jobs again, however long ago that was.
        retention: Retention::unlimited(),
        ..Config::at(data)
    };
    Engine::open(config)
        .await
        .map_err(|error| in_use(error, data))
}

/// An engine that looks at the queue and runs nothing. There must be a queue.
pub async fn idle(data: &Path) -> Result<Engine, CliError> {
    must_exist(data)?;
    Engine::open_idle(Config::at(data))
        .await
        .map_err(|error| in_use(error, data))
}

/// Looking for jobs must not make a data directory, least of all in a folder that is something else.
pub fn must_exist(data: &Path) -> Result<(), CliError> {
    if data.join("store").is_dir() {
        Ok(())
    } else {
        Err(CliError::NoData {
            path: data.to_owned(),
        })
    }
}

/// Names the data directory and not the store in it.
pub fn in_use(error: EngineError, data: &Path) -> CliError {
    match error {
        EngineError::Store(StoreError::InUse { .. }) => CliError::InUse {
            path: data.to_owned(),
        },
        error => error.into(),
    }
}
