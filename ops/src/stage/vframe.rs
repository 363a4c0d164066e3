//! `vframe`: one picture into one file.

use crate::av::open::Source;
use crate::av::snapshot;
use crate::op::Vframe;
use crate::probe::Probe;
use crate::run::{Environment, Output, Phase, Task};
use crate::{OpsError, still};

pub(crate) fn run(
    source: &mut Source<'_>,
    probe: &Probe,
    task: &Task,
    op: &Vframe,
    env: &Environment<'_>,
) -> Result<Vec<Output>, OpsError> {
    let stream = probe.video().ok_or(OpsError::NoStream { kind: "video" })?;
    let origin = probe.format.start.unwrap_or(0);
    let picture = snapshot::snapshot(source, stream, origin, op, env)?;
    let path = task.file(&format!("out.{}", op.format.suffix()));
    env.report(task.index, Phase::Finalising, 0.0, None);
    still::encode::write(&picture, op.format, &path)?;
    let size = Some((picture.width, picture.height));
    Ok(vec![Output::still(path, size)])
}
