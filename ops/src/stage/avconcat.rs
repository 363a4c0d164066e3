//! `avconcat`: several files into one.

use std::path::Path;

use crate::OpsError;
use crate::av::open::Source;
use crate::av::sys;
use crate::av::transcode::{Wanted, transcode};
use crate::op::{Avconcat, JoinMode};
use crate::plan::{Piece, join};
use crate::run::{Environment, Output, Task};

/// A file to be joined.
struct File<'a> {
    /// What the command calls it.
    name: String,
    path: &'a Path,
}

pub(crate) fn run(
    source: &Path,
    task: &Task,
    op: &Avconcat,
    env: &Environment<'_>,
) -> Result<Vec<Output>, OpsError> {
    let files = arranged(source, task, op)?;
    let mut sources = Vec::with_capacity(files.len());
    let mut pieces = Vec::with_capacity(files.len());
    for (number, file) in files.iter().enumerate() {
        let opened = Source::open(file.path, env.limits, env.cancel);
        let mut source = opened.map_err(|error| error.of_part(number, &file.name))?;
        let input = source.opened()?;
        pieces.push(Piece {
            name: file.name.clone(),
            probe: input.probe().clone(),
            headers: input
                .context
                .streams()
                .map(|s| sys::extradata(&s))
                .collect(),
        });
        sources.push(source);
    }
    let in_mode_1 = |error| match error {
        OpsError::CannotCopy { codec, container } if op.mode() == JoinMode::Copy => {
            OpsError::CannotJoin { codec, container }
        }
        error => error,
    };
    let joined = join(op, &pieces, env.threads).map_err(in_mode_1)?;
    (env.explain)(task.index, &joined.why);
    let wanted = Wanted {
        index: task.index,
        plan: joined.output,
        path: task.file(&format!("out.{}", op.container().suffix())),
    };
    let mut sources: Vec<&mut Source<'_>> = sources.iter_mut().collect();
    let wanted = std::slice::from_ref(&wanted);
    let outcomes = transcode(&mut sources, &joined.reading, wanted, env)?;
    let made = outcomes.into_iter().zip(wanted).map(|(outcome, want)| {
        let product = outcome.map_err(in_mode_1)?;
        let (written, size) = (product.written, product.resolution);
        let path = want.path.clone();
        Ok(Output::timed(path, written.bytes, written.duration, size))
    });
    made.collect()
}

/// The files in the order of the output.
///
/// A list that names the source is complete, otherwise the source is number 1 (wire.md 6.5). The source is known by its
/// file: whoever runs the command brings that for an object which is the source.
fn arranged<'a>(
    source: &'a Path,
    task: &'a Task,
    op: &Avconcat,
) -> Result<Vec<File<'a>>, OpsError> {
    let mut files = Vec::with_capacity(op.files.len() + 1);
    for object in &op.files {
        files.push(File {
            name: object.to_string(),
            path: task.object(object)?,
        });
    }
    let is_source = |file: &&File<'_>| is_same(file.path, source);
    let listed = files.iter().find(is_source).map(|file| file.name.clone());
    let is_listed = listed.is_some();
    if let (Some(_), Some(name)) = (op.index, &listed) {
        return Err(OpsError::SourceListed { name: name.clone() });
    }
    if !is_listed {
        let place = op.index.map_or(1, |place| usize::from(place.get()));
        let source = File {
            name: "the source".to_owned(),
            path: source,
        };
        files.insert((place - 1).min(files.len()), source);
    }
    let Some(order) = &op.order else {
        return Ok(files);
    };
    let numbers = order.get();
    if numbers.len() != files.len() {
        return Err(OpsError::OrderUnfit {
            numbers: numbers.len(),
            files: files.len(),
            listed: is_listed,
        });
    }
    let mut files: Vec<_> = files.into_iter().map(Some).collect();
    let taken = numbers
        .iter()
        .filter_map(|&number| files[usize::from(number) - 1].take());
    Ok(taken.collect())
}

/// True of two names of one file.
fn is_same(one: &Path, other: &Path) -> bool {
    one == other
        || matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}
