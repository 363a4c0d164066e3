//! The seam to media work: [`Processor`] turns the commands of one attempt into files. [`Media`] does it with
//! `opmill_ops`; tests script one that fails, stalls or panics, so that the whole queue is proven without a codec.

use std::path::PathBuf;

use opmill_ops::{Cancel, Disposition, Limits, OpsError};
use opmill_store::JobId;

pub use opmill_ops::{Name, Output, Phase, Progress, Task};

use crate::cause::Cause;
use crate::error;
use crate::need::{Candidate, Need};

/// Runs commands. Blocking: each call has a thread of its own.
pub trait Processor: Send + Sync + 'static {
    /// Runs the tasks of `work` on its source and reports each one once, in any order. It stops soon after
    /// `work.cancel` is set; what it then reports, or does not report, is ignored. A panic costs the attempt only.
    fn run(&self, work: Work, report: &dyn Report);

    /// What a job will need of the machine, on the large side: it is begun when there is room for that. Blocking.
    fn need(&self, candidate: &Candidate<'_>) -> Need {
        Need::least(candidate)
    }
}

/// What an attempt has to do.
#[non_exhaustive]
pub struct Work {
    /// The job, for logs.
    pub job: JobId,
    /// The source, on this machine.
    pub source: PathBuf,
    /// The commands without a result. Each has an empty folder for its files.
    pub tasks: Vec<Task>,
    /// Bounds on source and results.
    pub limits: Limits,
    /// Threads the codecs may use together.
    pub threads: usize,
    /// Set when the attempt is over.
    pub cancel: Cancel,
}

/// Where a [`Processor`] tells what it did.
pub trait Report: Sync {
    /// A task got on. May be called often and from any thread.
    fn progress(&self, progress: Progress);
    /// How a task is going to be carried out and why, in a sentence or more. For `desc` of the item and the log.
    fn explain(&self, _index: usize, _text: &str) {}
    /// A task ended: its files in the order they are to be listed, at least one, or why there are none.
    fn done(&self, index: usize, result: Result<Vec<Output>, Failure>);
}

/// Why a command has no outputs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// For the person who sent the command.
    pub message: String,
    /// Whether another attempt may help.
    pub disposition: Disposition,
    /// The kind of reason.
    pub cause: Cause,
}

impl Failure {
    /// It may pass.
    pub fn transient(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            disposition: Disposition::Retry,
            cause: Cause::Other,
        }
    }

    /// It will not.
    pub fn permanent(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            disposition: Disposition::Fail,
            cause: Cause::Other,
        }
    }

    /// The same, for a reason of this kind.
    pub fn because(self, cause: Cause) -> Self {
        Self { cause, ..self }
    }
}

impl From<OpsError> for Failure {
    fn from(error: OpsError) -> Self {
        Self {
            disposition: error.disposition(),
            cause: Cause::from(&error),
            message: error::report(&error),
        }
    }
}

impl From<error::EngineError> for Failure {
    fn from(error: error::EngineError) -> Self {
        Self {
            disposition: error.disposition(),
            cause: Cause::from(&error),
            message: error.report(),
        }
    }
}

/// The processor that works on media.
#[derive(Debug, Clone, Copy, Default)]
pub struct Media;

impl Processor for Media {
    fn need(&self, candidate: &Candidate<'_>) -> Need {
        Need::of_media(candidate)
    }

    fn run(&self, work: Work, report: &dyn Report) {
        let environment = opmill_ops::Environment {
            limits: &work.limits,
            // Each codec gets its part: the commands are encoded side by side.
            threads: work.threads.div_ceil(work.tasks.len().max(1)),
            cancel: &work.cancel,
            progress: &|progress| report.progress(progress),
            explain: &|index, text| report.explain(index, text),
        };
        opmill_ops::run(
            &work.source,
            work.tasks,
            &environment,
            &mut |index, result| {
                report.done(index, result.map_err(Failure::from));
            },
        );
    }
}
