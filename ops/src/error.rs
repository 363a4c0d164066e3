//! What can be wrong with an op string, and what can go wrong while it runs.
//!
//! A [`SyntaxError`] refuses the whole string, a [`CommandError`] one command of it, an [`OpsError`] ends a command at
//! work.

mod archive;
mod op_string;
mod running;

pub use archive::{ArchiveError, BadName};
pub use op_string::{CommandError, SyntaxError};
pub use running::{Disposition, OpsError};
