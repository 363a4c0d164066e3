//! `vframe/gif`: a part of a film as a moving picture, made as `avthumb/gif` makes it.

use crate::OpsError;
use crate::av::geometry::{Picture, Turn};
use crate::av::open::Source;
use crate::av::transcode::{Wanted, transcode};
use crate::frames::fit::Fit;
use crate::op::{Avthumb, Container, Seconds, Vframe};
use crate::plan::{self, Reading, Windows};
use crate::probe::Probe;
use crate::run::{Environment, Name, Output, Task};

/// Length when nobody says, in milliseconds.
const LENGTH: u64 = 5_000;

pub(super) fn run(
    source: &mut Source<'_>,
    probe: &Probe,
    task: &Task,
    op: &Vframe,
    fit: Fit,
    env: &Environment<'_>,
) -> Result<Vec<Output>, OpsError> {
    let stream = probe.video().ok_or(OpsError::NoStream { kind: "video" })?;
    let mut film = Avthumb::new(Container::Gif);
    film.cut.start = op.offset;
    film.cut.length = op.length.or(Seconds::from_millis(LENGTH));
    film.video.rotate = op.rotate;
    let mut plan = plan::avthumb(&film, probe, env.threads).map_err(of_vframe)?;
    if let Some((chain, _)) = plan.video.as_mut().and_then(|video| video.encode.as_mut()) {
        let turn = stream.display_matrix.as_ref().map(Turn::of_matrix);
        let turn = turn.unwrap_or_default().then(op.rotate);
        let picture = Picture::new(stream.width, stream.height, stream.sar).turned(turn);
        let shape = fit.shape(picture);
        chain.size = Some(shape.scaled);
        chain.fit = shape.fit;
        chain.part = shape.part;
    }
    let wanted = [Wanted {
        index: task.index,
        plan,
        path: task.file("moving.gif"),
    }];
    let reading = Reading::of(probe, &Windows::of(&film));
    let made = transcode(&mut [source], &reading, &wanted, env)?.pop();
    let made = made.unwrap_or(Err(OpsError::NothingDecoded))?;
    let [Wanted { path, .. }] = wanted;
    let written = made.written;
    let output = Output::timed(path, written.bytes, written.duration, made.resolution);
    Ok(vec![output.named(Name::Target)])
}

/// In the words of `vframe`.
fn of_vframe(error: OpsError) -> OpsError {
    match error {
        OpsError::PastEnd { offset, end, .. } => OpsError::PastEnd {
            parameter: "offset",
            offset,
            end,
        },
        other => other,
    }
}
