//! `vframe`: one picture of a film, several, sheets of them, or a moving one.

use std::path::PathBuf;

use super::gif;
use crate::OpsError;
use crate::archive::pack::{self, Item};
use crate::av::film::{Film, Many, Plan, Rhythm, Schedule};
use crate::av::open::Source;
use crate::frames::album::{self, Album, Style, Wanted};
use crate::frames::fit::Fit;
use crate::frames::sheet::Layout;
use crate::frames::webvtt::{self, Cue};
use crate::op::{Colour, FrameFormat, Picture, Seconds, Size, Vframe};
use crate::probe::Probe;
use crate::run::{Environment, Name, Output, Task};

pub(crate) fn run(
    source: &mut Source<'_>,
    probe: &Probe,
    task: &Task,
    op: &Vframe,
    env: &Environment<'_>,
) -> Result<Vec<Output>, OpsError> {
    let format = match op.format {
        FrameFormat::Picture(format) => format,
        FrameFormat::Gif => return gif::run(source, probe, task, op, fit(op), env),
    };
    let film = Film::of(probe, env)?;
    let plan = Plan::make(&film, source, &schedule(op))?;
    (env.explain)(task.index, &plan.explain());
    let style = Style {
        fit: fit(op),
        format,
    };
    let layout = op.sprite.map(|grid| Layout {
        rows: grid.rows(),
        columns: grid.columns(),
        padding: 0,
        margin: 0,
        colour: Colour([0; 3]),
    });
    let wanted = Wanted {
        rotate: op.rotate,
        singles: layout.is_none().then_some(style),
        sheets: layout.map(|layout| (style, layout)),
        distinct: false,
    };
    let album = album::take(&film, source, &plan, &wanted, task, env)?;
    let list = match layout {
        Some(_) => Some(list(&album, &plan, op, task, format)?),
        None => None,
    };
    match op.is_zip {
        true => zipped(&album, list, task, format, env),
        false => several(album, list, task),
    }
}

/// Which pictures are asked for.
fn schedule(op: &Vframe) -> Schedule {
    let micros = |time: Seconds| time.millis() as i64 * 1000;
    let many = |rhythm| {
        Schedule::Many(Many {
            start: 0,
            length: None,
            rhythm,
        })
    };
    if let Some(offsets) = &op.offsets {
        return Schedule::At {
            moments: offsets.times().iter().copied().map(micros).collect(),
            parameter: "offsets",
        };
    }
    if let Some(interval) = op.interval {
        return many(Rhythm::Every(interval.millis() as i64 * 1000));
    }
    if let Some(count) = op.vframe_n {
        return many(Rhythm::Evenly(count.get()));
    }
    Schedule::At {
        moments: vec![op.offset.map_or(0, micros)],
        parameter: "offset",
    }
}

/// Which size is asked for.
fn fit(op: &Vframe) -> Fit {
    let (width, height) = (op.w.map(|w| w.get()), op.h.map(|h| h.get()));
    match (op.mode, width, height) {
        (Some(mode), ..) => Fit::Mode {
            mode,
            width,
            height,
        },
        (None, Some(width), Some(height)) if op.autofill => Fit::Fill { width, height },
        (None, Some(width), Some(height)) => Fit::Size(Size::Exact { width, height }),
        (None, Some(width), None) => Fit::Size(Size::Width(width)),
        (None, None, Some(height)) => Fit::Size(Size::Height(height)),
        (None, None, None) => Fit::Source,
    }
}

/// The list of what stands where on the sheets: its name and its text.
struct List {
    name: String,
    path: PathBuf,
    /// File names of the sheets.
    sheets: Vec<String>,
}

fn list(
    album: &Album,
    plan: &Plan,
    op: &Vframe,
    task: &Task,
    format: Picture,
) -> Result<List, OpsError> {
    let sheets = match op.is_zip {
        true => members(task, format, album.sheets.len()),
        false => task.names(album.sheets.len()),
    };
    let moments = plan.moments();
    let cues = album.cells.iter().map(|&(number, cell)| {
        let start = moments[number];
        let next = moments.get(number + 1).copied().or(plan.end());
        Cue {
            start,
            end: next.unwrap_or(start).max(start + 1000),
            cell,
        }
    });
    let text = webvtt::write(&cues.collect::<Vec<_>>(), &sheets);
    let name = format!("{}.vtt", task.stem());
    // A sheet may have been given this very name.
    let name = match sheets.contains(&name) {
        true => format!("{name}.vtt"),
        false => name,
    };
    let path = task.file(&name);
    std::fs::write(&path, text).map_err(|error| OpsError::write_file(&path, &error))?;
    Ok(List { name, path, sheets })
}

/// Each picture, or each sheet and the list beside them.
fn several(album: Album, list: Option<List>, task: &Task) -> Result<Vec<Output>, OpsError> {
    let Some(list) = list else {
        let size = Some(album.single_size);
        let pictures = album.singles.into_iter();
        return Ok(pictures.map(|path| Output::still(path, size)).collect());
    };
    let mut outputs = Vec::with_capacity(list.sheets.len() + 1);
    let one = list.sheets.len() == 1;
    for (path, name) in album.sheets.into_iter().zip(list.sheets) {
        let size = Some(album.sheet_size);
        if one {
            outputs.push(Output::still(path, size).named(Name::Target));
            continue;
        }
        // The list names them: their names are made here, as numbered outputs are called (wire.md 5.5).
        let called = task.file(&name);
        std::fs::rename(&path, &called).map_err(|error| OpsError::write_file(&called, &error))?;
        outputs.push(Output::still(called, size).named(Name::Beside));
    }
    outputs.push(Output::still(list.path, None).named(Name::Beside));
    Ok(outputs)
}

/// All of it in one file.
fn zipped(
    album: &Album,
    list: Option<List>,
    task: &Task,
    format: Picture,
    env: &Environment<'_>,
) -> Result<Vec<Output>, OpsError> {
    let files = match &list {
        Some(_) => &album.sheets,
        None => &album.singles,
    };
    let names = members(task, format, files.len());
    let pictures = names.into_iter().zip(files);
    let mut items: Vec<Item> = pictures
        .map(|(name, path)| Item {
            name,
            path: path.clone(),
        })
        .collect();
    items.extend(list.map(|List { name, path, .. }| Item { name, path }));
    let zip = task.file("pictures.zip");
    pack::pack(&items, &zip, env.limits, env.cancel)?;
    for Item { path, .. } in items {
        std::fs::remove_file(&path).map_err(|error| OpsError::write_file(&path, &error))?;
    }
    Ok(vec![Output::still(zip, None).named(Name::Target)])
}

/// What pictures are called inside a zip: as it is, and numbered if they are several.
fn members(task: &Task, format: Picture, count: usize) -> Vec<String> {
    let (stem, suffix) = (task.stem(), format.suffix());
    match count {
        1 => vec![format!("{stem}.{suffix}")],
        _ => (1..=count)
            .map(|number| format!("{stem}_{number:06}.{suffix}"))
            .collect(),
    }
}
