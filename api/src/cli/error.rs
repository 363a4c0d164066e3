//! Why a subcommand could not do its work; each sentence names its subject and says what can be done.

use std::io;
use std::path::PathBuf;

use opmill_engine::ops::OpsError;
use opmill_engine::ops::entry::EntryError;
use opmill_engine::{EngineError, JobId, StoreError};

use super::Outcome;
use super::run::inputs::InputError;

/// Nothing ran, or what ran could not be followed to its end.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The settings of a server.
    #[error(transparent)]
    Settings(#[from] crate::settings::SettingsError),
    /// The address of a server is taken, or not one of this machine.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// A malformed op string; the text points at the byte.
    #[error("the op string is malformed {problem}\n{pointed}")]
    Syntax {
        /// The parser's sentence.
        problem: String,
        /// The op string with a caret under the byte.
        pointed: String,
    },
    /// An INPUT that is no source.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A name template that gives no valid name for an input.
    #[error("saveas gives no valid name for the input {}: {source}", input.display())]
    Template {
        /// The input.
        input: PathBuf,
        /// What is wrong with the name.
        source: EntryError,
    },
    /// Two inputs, one result.
    #[error(
        "the inputs {} and {} would both write {}; use $(fname) or $(fprefix) in saveas, or run them with different --out folders",
        first.display(), second.display(), target.display()
    )]
    SameTarget {
        /// The result.
        target: PathBuf,
        /// The input that comes first.
        first: PathBuf,
        /// The other one.
        second: PathBuf,
    },
    /// A result of the input would replace an input.
    #[error("the result of {} would replace the input {}; choose another --out folder or saveas", input.display(), target.display())]
    TargetIsInput {
        /// The input the command runs on.
        input: PathBuf,
        /// The input that would be replaced.
        target: PathBuf,
    },
    /// A result that is there already.
    #[error("{} exists already; --force replaces it", target.display())]
    TargetExists {
        /// The result.
        target: PathBuf,
    },
    /// The folder for the results cannot be used.
    #[error("cannot write to the --out folder {}: {source}", path.display())]
    Out {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Notifications cannot be signed.
    #[error(
        "--notify signs each notification with a key pair; set OPMILL_ACCESS_KEY and OPMILL_SECRET_KEY"
    )]
    NoKeys,
    /// Half of a key pair signs nothing.
    #[error("{given} is set and {missing} is not; set both or neither")]
    HalfAKey {
        /// The variable that is set.
        given: &'static str,
        /// The variable that is not.
        missing: &'static str,
    },
    /// The data directory belongs to another process right now.
    #[error("the data directory {} is in use by another opmill process; wait for it to end or give another --data", path.display())]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// There is nothing at --data.
    #[error("{} is no data directory; name the one `opmill run` used with --data", path.display())]
    NoData {
        /// The directory.
        path: PathBuf,
    },
    /// A job id that is not in the data directory.
    #[error("there is no job {id} in {}", data.display())]
    NoSuchJob {
        /// The id.
        id: JobId,
        /// The data directory.
        data: PathBuf,
    },
    /// An op that does not exist.
    #[error("there is no op {name}; there are: {known}")]
    NoSuchOp {
        /// As typed.
        name: String,
        /// The known ones.
        known: String,
    },
    /// A file that cannot be opened.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file that is not media.
    #[error("{}: {source}", path.display())]
    Probe {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<OpsError>,
    },
    /// The engine refused or failed.
    #[error("{}", .0.report())]
    Engine(Box<EngineError>),
    /// A terminal, a runtime, a pipe.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl From<EngineError> for CliError {
    fn from(error: EngineError) -> Self {
        Self::Engine(Box::new(error))
    }
}

impl CliError {
    /// What was typed is wrong, or something outside failed.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Engine(error) if is_usage(error) => Outcome::Usage,
            Self::Probe { .. } | Self::Engine(_) | Self::Io(_) => Outcome::Failed,
            _ => Outcome::Usage,
        }
    }
}

/// What the engine refuses because of what was typed; every other error of it came from outside.
fn is_usage(error: &EngineError) -> bool {
    use EngineError::{
        Config, NoKeyPair, NotifyUrl, Ops, SourceNotFound, SourcePath, Store, TargetExists,
        TargetName,
    };
    matches!(
        error,
        Config(_)
            | Ops(_)
            | SourceNotFound { .. }
            | SourcePath { .. }
            | TargetExists { .. }
            | TargetName(_)
            | NotifyUrl { .. }
            | NoKeyPair
            | Store(StoreError::NotEmpty { .. })
    )
}
