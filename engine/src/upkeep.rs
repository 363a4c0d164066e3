//! What is done to a data directory while nothing works on it: looking for damage, mending it, taking everything out and
//! putting it into another. All of it blocks.

use std::io::{BufRead, Write};
use std::path::Path;

use opmill_store::{Options, Store};

pub use opmill_store::{Diagnosis, Exported, Finding, Remedy};

use crate::durable;
use crate::error::EngineError;

/// The folder of the queue in a data directory.
pub(crate) const STORE: &str = "store";

/// Looks at every record of the queue and reports each thing that is wrong as it is found; with `repair`, mends what can be
/// mended. Works on a queue that no engine opens.
///
/// # Errors
/// [`EngineError::Store`] when there is no queue, another process has it, a newer opmill wrote it, or nothing of it can be
/// opened.
pub fn doctor(
    data: &Path,
    repair: bool,
    report: &mut dyn FnMut(&Finding),
) -> Result<Diagnosis, EngineError> {
    let (dir, options) = (data.join(STORE), Options::default());
    Ok(match repair {
        true => Store::repair(&dir, &options, report)?,
        false => Store::examine(&dir, &options, report)?,
    })
}

/// Writes everything in the queue as JSON lines. What does not read is reported and left out.
///
/// # Errors
/// As [`doctor`], and when `out` does not take it.
pub fn export(
    data: &Path,
    out: &mut dyn Write,
    report: &mut dyn FnMut(&Finding),
) -> Result<Exported, EngineError> {
    Ok(Store::export(
        &data.join(STORE),
        &Options::default(),
        out,
        report,
    )?)
}

/// Makes a queue in a data directory that has none, of the lines that [`export`] wrote: all of it, or nothing.
///
/// # Errors
/// [`EngineError::Store`] when there is a queue already, or a line does not read.
pub fn import(data: &Path, lines: &mut dyn BufRead) -> Result<Exported, EngineError> {
    durable::create_dirs(data).map_err(|source| EngineError::Work {
        path: data.to_owned(),
        source,
    })?;
    Ok(Store::import(
        &data.join(STORE),
        &Options::default(),
        lines,
    )?)
}
