//! What comes in and what is shown: [`JobSpec`], a request to do something, and [`Job`], what became of it.

use std::path::PathBuf;

use opmill_ops::Entry;
use opmill_store::{JobId, JobState, Priority, UnixMillis};

use crate::cause::Cause;
use crate::item::{Item, ItemStatus};
use crate::manage::Verb;

/// A request: a source, an op string, and how to deal with the results.
///
/// ```
/// use opmill_engine::JobSpec;
/// let spec = JobSpec::file("clip.mp4", "vframe/jpg/offset/1;avthumb/mp4/s/640x360").out("results");
/// ```
#[derive(Debug, Clone)]
#[must_use = "a spec does nothing until it is submitted"]
pub struct JobSpec {
    pub(crate) source: Source,
    pub(crate) ops: String,
    pub(crate) out: Option<PathBuf>,
    pub(crate) notify: Option<String>,
    pub(crate) separate: bool,
    pub(crate) force: bool,
    pub(crate) idempotency_key: Option<String>,
    pub(crate) priority: Priority,
    pub(crate) due: Option<UnixMillis>,
    pub(crate) signed_by: Option<String>,
    pub(crate) explain: bool,
}

/// Where the source of a job is.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    Object(Entry),
    File(PathBuf),
}

impl JobSpec {
    /// Process an object of a bucket.
    pub fn object(source: Entry, ops: impl Into<String>) -> Self {
        Self::new(Source::Object(source), ops.into())
    }

    /// Process a file. Needs [`local_files`](crate::Config::local_files).
    ///
    /// The source shows as bucket `@local`, key = the absolute path without its leading `/`.
    pub fn file(source: impl Into<PathBuf>, ops: impl Into<String>) -> Self {
        Self::new(Source::File(source.into()), ops.into())
    }

    fn new(source: Source, ops: String) -> Self {
        Self {
            source,
            ops,
            out: None,
            notify: None,
            separate: false,
            force: false,
            idempotency_key: None,
            priority: Priority::default(),
            due: None,
            signed_by: None,
            explain: false,
        }
    }

    /// The folder of the buckets that the configuration does not name (`<dir>/<bucket>/<key>`), and of the results of
    /// commands without `saveas`. Without it those go to the data directory and next to the source.
    pub fn out(mut self, dir: impl Into<PathBuf>) -> Self {
        self.out = Some(dir.into());
        self
    }

    /// Send signed notifications to this address (wire.md 7).
    pub fn notify(mut self, url: impl Into<String>) -> Self {
        self.notify = Some(url.into());
        self
    }

    /// One notification per command instead of one in all.
    pub fn separate(mut self, separate: bool) -> Self {
        self.separate = separate;
        self
    }

    /// Run in any case: overwrite targets that exist (without it a job with such a `saveas` is refused), and do the work
    /// anew even if another job is at it.
    pub fn force(mut self, force: bool) -> Self {
        self.force = force;
        self
    }

    /// Say in `desc` of each item how its command was carried out (what was copied, what was encoded) and why.
    pub fn explain(mut self, explain: bool) -> Self {
        self.explain = explain;
        self
    }

    /// Submitting the same key again gives the existing job back.
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    /// Which jobs go first.
    pub fn priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// Do not start before this time.
    pub fn due(mut self, at: UnixMillis) -> Self {
        self.due = Some(at);
        self
    }

    /// The access key of the pair that asked for the job; its notifications are signed with that pair.
    pub fn signed_by(mut self, access_key: impl Into<String>) -> Self {
        self.signed_by = Some(access_key.into());
        self
    }
}

/// The answer to a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Submitted {
    /// The job, on disk.
    pub id: JobId,
    /// It was there before, under the same idempotency key; nothing of the new request was used.
    pub existing: bool,
}

/// A job and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Its id, the protocol's `persistentId`.
    pub id: JobId,
    /// Where it stands.
    pub state: JobState,
    /// The source object.
    pub source: Entry,
    /// Its size in bytes at submission.
    pub size: u64,
    /// The op string as given.
    pub ops: String,
    /// The folder given to [`JobSpec::out`].
    pub out: Option<PathBuf>,
    /// Where notifications go.
    pub notify: Option<String>,
    /// One notification per command.
    pub separate: bool,
    /// What its commands do with objects, if they are not ops: its source is then no object, but the bucket it is about.
    pub manages: Option<Verb>,
    /// One per command, in the order of the op string.
    pub items: Vec<Item>,
    /// Which jobs go first.
    pub priority: Priority,
    /// Attempts begun and not given back.
    pub attempts: u32,
    /// How often its worker was lost.
    pub rescues: u32,
    /// When it was submitted.
    pub submitted: UnixMillis,
    /// When its state last changed.
    pub updated: UnixMillis,
    /// When it became final.
    pub finished: Option<UnixMillis>,
    /// Someone asked for it to be cancelled while it ran.
    pub cancel_requested: bool,
    /// The job that does the same work, whose results this one waits for or took over.
    pub follows: Option<JobId>,
    /// Why the latest attempt that failed did so, or that its worker was lost.
    pub last_error: Option<String>,
    /// The kind of reason of [`last_error`](Self::last_error).
    pub cause: Option<Cause>,
}

impl Job {
    /// Nothing more will happen to it unless it is asked to run again.
    pub fn is_final(&self) -> bool {
        self.state.is_final()
    }

    /// Every command has its outputs in place.
    pub fn succeeded(&self) -> bool {
        self.items
            .iter()
            .all(|item| item.status == ItemStatus::Succeeded)
    }

    /// It was given up: its attempts were used up, or it was set aside as poison. It can be [run
    /// again](crate::Engine::retry).
    pub fn is_dead(&self) -> bool {
        self.state == JobState::Discarded
    }

    /// The commands that failed.
    pub fn failures(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| item.status.is_failure())
    }
}
