//! `avinfo` and `avinfo2`: what the source is, in one file of JSON.

use crate::OpsError;
use crate::op::Avinfo;
use crate::probe::Probe;
use crate::run::{Output, Task};

pub(crate) fn run(probe: &Probe, task: &Task, op: Avinfo) -> Result<Vec<Output>, OpsError> {
    let json = match op {
        Avinfo::Full => probe.avinfo(),
        Avinfo::Brief => probe.avinfo2(),
    };
    let path = task.file("out.json");
    std::fs::write(&path, format!("{json}\n"))
        .map_err(|error| OpsError::write_file(&path, &error))?;
    Ok(vec![Output::still(path, None)])
}
