//! Everything that can go wrong in the engine. Each variant names its subject; [`EngineError::disposition`] says what
//! an attempt makes of it, so that the retry loop only obeys.

use std::io;
use std::path::PathBuf;

use opmill_ops::entry::EntryError;
use opmill_ops::{Disposition, Entry, SyntaxError};
use opmill_store::{JobId, JobState, StoreError};

use crate::config::ConfigError;

/// An error of the engine.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The configuration has problems; all of them are listed.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The op string is malformed.
    #[error(transparent)]
    Ops(#[from] SyntaxError),
    /// A request to manage objects is malformed.
    #[error(transparent)]
    Manage(#[from] crate::manage::ManageError),
    /// The source of a job is not there (the protocol's 404 `File Not Found`).
    #[error("there is no source {name}")]
    SourceNotFound {
        /// The entry or path that was asked for.
        name: String,
    },
    /// The source of a job is there but cannot be read.
    #[error("cannot read the source {name}")]
    Source {
        /// The entry or path that was asked for.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// A path cannot be the source of a job.
    #[error("{} cannot be a source: {reason}", path.display())]
    SourcePath {
        /// The path.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Jobs of this engine may not name files outside its buckets.
    #[error("files outside the buckets are switched off (local_files = false)")]
    LocalFilesOff,
    /// A target exists and the job is not to overwrite it (the protocol's `The Persistent File Already Exists`).
    #[error(
        "the target {entry} already exists; choose another name, or force the job to overwrite it"
    )]
    TargetExists {
        /// The target.
        entry: Entry,
    },
    /// A target has no valid name for this source.
    #[error("the target of the command has no valid name for this source")]
    TargetName(#[from] EntryError),
    /// A bucket cannot be used by this job.
    #[error("bucket {bucket} cannot be used: {reason}")]
    Bucket {
        /// The bucket.
        bucket: String,
        /// Why.
        reason: String,
    },
    /// No bucket of the configuration has this name (the protocol's 404 `Bucket Not Found`).
    #[error("there is no bucket {bucket}")]
    BucketNotFound {
        /// The name.
        bucket: opmill_ops::BucketName,
    },
    /// No object has this name (the protocol's 404 `File Not Found`).
    #[error("there is no object {entry}")]
    ObjectNotFound {
        /// The name.
        entry: Entry,
    },
    /// An object cannot be read as what was asked of it.
    #[error("{entry} cannot be read")]
    Unreadable {
        /// The name.
        entry: Entry,
        /// Why.
        source: Box<opmill_ops::OpsError>,
    },
    /// An object of that name is there and is not to be replaced (the protocol's 406 `File Already Exist`).
    #[error("the object {entry} already exists; choose another name, or ask to overwrite it")]
    ObjectExists {
        /// The name.
        entry: Entry,
    },
    /// An object is not as large as whoever appends to it believes.
    #[error("{entry} has {size} bytes; append at that position")]
    AppendPosition {
        /// The name.
        entry: Entry,
        /// Its size now; 0 if it is not there.
        size: u64,
    },
    /// An object cannot have this name beside those that are there.
    #[error("{entry} cannot be the name of an object: {reason}")]
    ObjectName {
        /// The name.
        entry: Entry,
        /// Why.
        reason: &'static str,
    },
    /// A chunk of an upload in blocks is not what was expected (the protocol's 701).
    #[error("the chunk was not taken: {reason}; begin the block anew")]
    BlockRefused {
        /// Why.
        reason: String,
    },
    /// The blocks of an upload do not make the file (the protocol's 412).
    #[error("the blocks do not make the file: {reason}; upload it again")]
    BlocksDoNotFit {
        /// Why.
        reason: String,
    },
    /// Bytes stopped coming before their end.
    #[error("the connection ended before the last byte")]
    Broke {
        /// Why.
        source: io::Error,
    },
    /// More bytes came than are allowed.
    #[error("the object is larger than the {limit} bytes that are allowed")]
    TooLarge {
        /// Bytes.
        limit: u64,
    },
    /// Object storage refused.
    #[error("cannot {action} {entry}")]
    Remote {
        /// What was tried: `read`, `write`.
        action: &'static str,
        /// The object.
        entry: Entry,
        /// Why.
        source: Box<object_store::Error>,
    },
    /// An output cannot be put in its place.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file or folder that is in the way.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The data directory's work files cannot be used.
    #[error("cannot use the work file {}: {source}", path.display())]
    Work {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A notification address is unusable.
    #[error("the notification address {url:?} cannot be used: {reason}")]
    NotifyUrl {
        /// The address as given.
        url: String,
        /// Why, and what is allowed.
        reason: String,
    },
    /// A job asks for notifications, which are signed, and there is no key pair.
    #[error(
        "notifications are signed, and no key pair is configured; add one or leave the address out"
    )]
    NoKeyPair,
    /// No app of the configuration has this name (the protocol's 404 `ufop not found`).
    #[error("there is no app {app}")]
    AppNotFound {
        /// The name.
        app: String,
    },
    /// An app cannot be asked.
    #[error("the app {app} cannot be reached: {reason}")]
    AppUnreachable {
        /// The name.
        app: String,
        /// Why.
        reason: String,
    },
    /// An app does not answer.
    #[error("the app {app} did not answer in {seconds} s")]
    AppTimeout {
        /// The name.
        app: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// No job has this id (or it was pruned).
    #[error("there is no job {job}")]
    UnknownJob {
        /// The id.
        job: JobId,
    },
    /// The job is still at work, and what was asked needs it to be final.
    #[error("job {job} is not final yet ({state:?}); wait for it or cancel it first")]
    NotFinal {
        /// The id.
        job: JobId,
        /// Where it stands.
        state: Box<JobState>,
    },
    /// What the store keeps of a job does not read as what this engine writes.
    #[error("the stored description of job {job} is damaged: {reason}")]
    Damaged {
        /// The job.
        job: JobId,
        /// What is wrong with it.
        reason: String,
    },
    /// The HTTP client for notifications cannot be made.
    #[error("cannot set up the HTTP client")]
    Client(#[source] reqwest::Error),
    /// The engine is shut down.
    #[error("the engine is shut down")]
    Closed,
    /// The disk refused to sync, so nothing can be promised any more; the engine has stopped.
    #[error("the engine stopped: {cause}")]
    Broken {
        /// What the store said.
        cause: String,
    },
    /// A task of the engine panicked: a bug.
    #[error("a task of the engine panicked: {0}")]
    Panicked(String),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl EngineError {
    /// The error and its causes in one line, as items and notifications report it.
    pub fn report(&self) -> String {
        report(self)
    }

    /// What an attempt makes of it: try again later, fail the command, or drop everything because the attempt is no
    /// longer ours.
    pub fn disposition(&self) -> Disposition {
        match self {
            Self::Store(error) => match error.disposition() {
                opmill_store::Disposition::Retry => Disposition::Retry,
                opmill_store::Disposition::Fail => Disposition::Fail,
                opmill_store::Disposition::Interrupted => Disposition::Interrupted,
            },
            Self::Closed | Self::Broken { .. } => Disposition::Interrupted,
            Self::Source { source, .. }
            | Self::Write { source, .. }
            | Self::Work { source, .. } => of_io(source),
            Self::Remote { .. }
            | Self::Panicked(_)
            | Self::Client(_)
            | Self::AppUnreachable { .. }
            | Self::AppTimeout { .. } => Disposition::Retry,
            Self::Config(_)
            | Self::Ops(_)
            | Self::Manage(_)
            | Self::SourceNotFound { .. }
            | Self::SourcePath { .. }
            | Self::LocalFilesOff
            | Self::TargetExists { .. }
            | Self::TargetName(_)
            | Self::Bucket { .. }
            | Self::BucketNotFound { .. }
            | Self::ObjectNotFound { .. }
            | Self::ObjectExists { .. }
            | Self::AppendPosition { .. }
            | Self::ObjectName { .. }
            | Self::Unreadable { .. }
            | Self::TooLarge { .. }
            | Self::BlockRefused { .. }
            | Self::BlocksDoNotFit { .. }
            | Self::Broke { .. }
            | Self::AppNotFound { .. }
            | Self::NotifyUrl { .. }
            | Self::NoKeyPair
            | Self::UnknownJob { .. }
            | Self::NotFinal { .. }
            | Self::Damaged { .. } => Disposition::Fail,
        }
    }
}

/// An error and its causes, joined by colons.
pub(crate) fn report(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

/// Storage comes back: a full disk, a missing permission, a file in the place of a folder and a vanished mount are things
/// someone puts right. A name that cannot be a file will not become one.
fn of_io(error: &io::Error) -> Disposition {
    match error.kind() {
        io::ErrorKind::InvalidFilename => Disposition::Fail,
        _ => Disposition::Retry,
    }
}
