//! Objects managed in numbers (wire.md 2.6): jobs of the same queue whose commands are not ops but verbs on stored objects.
//! They are durable as every job is, and their commands are carried out one after the other on
//! [`Storage`](crate::Storage).

mod compress;
mod fetch;
mod grammar;
mod payload;
mod run;
mod submit;
mod verb;

pub use grammar::ManageError;
pub use payload::{ManageNotification, ManagedItem};
pub use submit::ManageSpec;
pub use verb::Verb;

pub(crate) use grammar::{Task, read, texts};
pub(crate) use payload::body;
pub(crate) use run::{Context, run};
pub(crate) use submit::submit;

use serde::{Deserialize, Serialize};

/// What a job's record says of it beside what every job's says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Managed {
    /// What is done with the objects.
    pub verb: Verb,
    /// Objects that are there are replaced.
    #[serde(default)]
    pub force: bool,
}
