//! What an engine is told at start: one part per service, each with a `Default` that works on a developer's machine.
//! [`Config::validate`] reports every problem at once; [`Engine::open`](crate::Engine::open) calls it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::thread::available_parallelism;
use std::time::Duration;

use opmill_ops::Limits;

use crate::machine;

mod validate;

pub use opmill_store::DiskPolicy as Disk;
pub use validate::ConfigError;

/// Everything an engine needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    /// The data directory: the queue, work files and the buckets that have no root of their own. One engine at a time.
    pub data: PathBuf,
    /// Prefix of the addresses of results: `<public_url>/<bucket>/<key>`.
    pub public_url: String,
    /// Key pairs notifications are signed with; the first signs for jobs whose own pair is unknown.
    pub keys: Vec<KeyPair>,
    /// Buckets by name. A bucket that is not listed lives in `<data>/buckets/<name>`.
    pub buckets: BTreeMap<String, BucketConfig>,
    /// May a job name files outside the buckets ([`JobSpec::file`](crate::JobSpec::file))? A server says no.
    pub local_files: bool,
    /// Pass over parameters that an op does not know, with a warning in `desc` of the item, instead of failing the
    /// command (wire.md 5.1).
    pub lenient: bool,
    /// Apps that work on objects in ways of their own, by name (wire.md 8).
    pub apps: BTreeMap<String, AppConfig>,
    /// Cores, concurrent jobs, leases.
    pub workers: Workers,
    /// How much of the machine running jobs may need together.
    pub admission: Admission,
    /// How a transient failure is tried again.
    pub retry: Retry,
    /// How notifications are sent.
    pub notify: Notify,
    /// How long jobs that ended are remembered.
    pub retention: Retention,
    /// How much room is kept on the disk of the data directory.
    pub disk: Disk,
    /// What one source may ask of the machine.
    pub limits: Limits,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: PathBuf::from(".opmill"),
            public_url: "http://127.0.0.1:8080".to_owned(),
            keys: Vec::new(),
            buckets: BTreeMap::new(),
            local_files: true,
            lenient: false,
            apps: BTreeMap::new(),
            workers: Workers::default(),
            admission: Admission::default(),
            retry: Retry::default(),
            notify: Notify::default(),
            retention: Retention::default(),
            disk: Disk::default(),
            limits: Limits::default(),
        }
    }
}

impl Config {
    /// A default configuration on a data directory.
    pub fn at(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            ..Self::default()
        }
    }
}

/// An access key and the secret behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPair {
    /// The public half, sent with every signature.
    pub access_key: String,
    /// The half that signs.
    pub secret_key: Secret,
}

impl KeyPair {
    /// A pair from its two texts.
    pub fn new(access_key: impl Into<String>, secret_key: impl Into<String>) -> Self {
        Self {
            access_key: access_key.into(),
            secret_key: Secret::new(secret_key),
        }
    }
}

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the text out of sight.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
    /// The text, for the code that signs with it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Where a bucket's objects are and which hosts serve them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BucketConfig {
    /// `file:///srv/media`, or with the feature `cloud` `s3://…`, `gs://…`, `az://…`. `None` is `<data>/buckets/<name>`.
    pub root: Option<String>,
    /// Hosts whose `/<key>` is this bucket's; the first appears in the addresses of results.
    pub hosts: Vec<String>,
    /// Most jobs with a source in this bucket that run at the same time; `None` is no limit but that of all.
    pub concurrency: Option<usize>,
}

/// An app that works on objects: a service that is told the address of one and answers with what it made of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppConfig {
    /// `http://` or `https://`; may have a query.
    pub address: String,
    /// What it does, for people.
    pub description: String,
    /// Sign requests to it with the first key pair, as notifications are (wire.md 1.4).
    pub sign: bool,
    /// It may be on a loopback, private or link-local address, whatever holds for notifications.
    pub allow_private_address: bool,
}

/// How much of the machine jobs may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workers {
    /// Cores shared by all running jobs (default: what the system offers).
    pub cores: usize,
    /// Most jobs that run at the same time, if there is [room](Admission) for them (default: one per core).
    pub jobs: usize,
    /// How long a job stays with a worker that is no longer heard of. Renewed every third of it. Default 30 s.
    pub lease: Duration,
    /// How long a shutdown waits for running jobs before it interrupts them. Default 10 s.
    pub drain: Duration,
    /// How long an attempt may stand still, with neither timestamps nor bytes moving, before it is stopped and tried
    /// again later. Default 5 min.
    pub stall: Duration,
}

impl Default for Workers {
    fn default() -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        Self {
            cores,
            jobs: cores,
            lease: Duration::from_secs(30),
            drain: Duration::from_secs(10),
            stall: Duration::from_secs(300),
        }
    }
}

/// What running jobs may need together, as estimated from their sources and commands
/// ([`Processor::need`](crate::Processor::need)). A job begins when there is room for it; one that needs more than all of
/// it runs alone. Smaller jobs may pass one that waits for room, a few of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// Cores kept busy (default: what the system offers).
    pub cores: usize,
    /// Bytes of memory (default: three quarters of what the machine, or the control group of this process, has).
    pub memory_bytes: u64,
    /// Bytes of files in the data directory while jobs run; `None`, the default, is four fifths of what is free when the
    /// engine is opened.
    pub scratch_bytes: Option<u64>,
}

impl Default for Admission {
    fn default() -> Self {
        Self {
            cores: available_parallelism().map_or(1, usize::from),
            memory_bytes: machine::memory() / 4 * 3,
            scratch_bytes: None,
        }
    }
}

/// Exponential backoff of transient failures; see [`retry`](crate::retry).
#[derive(Debug, Clone, PartialEq)]
pub struct Retry {
    /// Attempts in all, the first included. Default 5.
    pub attempts: u32,
    /// Workers that may be lost while at a command (a process that dies, a panic, an attempt that stands still) before
    /// the command is held to be the reason and set aside. Default 3.
    pub poison: u32,
    /// Pause after the first attempt. Default 5 s.
    pub first: Duration,
    /// Growth of the pause from attempt to attempt. Default 3.
    pub factor: f64,
    /// Longest pause. Default 10 min.
    pub max: Duration,
    /// Share of the pause that chance adds or takes, 0 to 1. Default 0.2.
    pub jitter: f64,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 5,
            poison: 3,
            first: Duration::from_secs(5),
            factor: 3.0,
            max: Duration::from_secs(600),
            jitter: 0.2,
        }
    }
}

/// How long jobs that ended are remembered, with their results; the oldest are forgotten first, and none while it owes a
/// notification. Outputs are not touched. `None` is no limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// Time since a job ended. Default 30 days (wire.md 5.3 asks for 7 at least).
    pub age: Option<Duration>,
    /// Number of jobs that ended.
    pub count: Option<usize>,
    /// Bytes of their op strings and results.
    pub bytes: Option<u64>,
}

impl Retention {
    /// Remembers everything.
    pub fn unlimited() -> Self {
        Self {
            age: None,
            count: None,
            bytes: None,
        }
    }

    pub(crate) fn is_unlimited(&self) -> bool {
        *self == Self::unlimited()
    }
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            age: Some(Duration::from_secs(30 * 24 * 3600)),
            ..Self::unlimited()
        }
    }
}

/// Sending of notifications (wire.md 4.4 and 7.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notify {
    /// Retries that follow the first attempt at once. Default 3.
    pub immediate_retries: u32,
    /// Retries after those, one per [`spacing`](Self::spacing). Default 5.
    pub spaced_retries: u32,
    /// Pause before each spaced retry. Default 60 s.
    pub spacing: Duration,
    /// Longest wait for a connection. Default 20 s.
    pub connect: Duration,
    /// Longest wait for the answer. Default 60 s.
    pub response: Duration,
    /// Deliveries under way at the same time. Default 16.
    pub parallel: usize,
    /// May notifications go to loopback, private and link-local addresses? Default no.
    pub allow_private_addresses: bool,
}

impl Default for Notify {
    fn default() -> Self {
        Self {
            immediate_retries: 3,
            spaced_retries: 5,
            spacing: Duration::from_secs(60),
            connect: Duration::from_secs(20),
            response: Duration::from_secs(60),
            parallel: 16,
            allow_private_addresses: false,
        }
    }
}
