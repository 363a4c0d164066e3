//! `vsample`: many pictures of a part of a film, or sheets of them, under keys of their own.

use std::path::PathBuf;

use crate::OpsError;
use crate::av::film::{Film, Many, Plan, Rhythm, Schedule};
use crate::av::open::Source;
use crate::frames::album::{self, Style, Wanted};
use crate::frames::fit::Fit;
use crate::frames::sheet::Layout;
use crate::op::{Cells, Colour, Pattern, Seconds, Size, Vsample};
use crate::probe::Probe;
use crate::run::{Environment, Name, Output, Task};

/// Seconds between two pictures, and rows and columns of a sheet, when nobody says.
const INTERVAL: i64 = 5_000_000;
const SIDE: u8 = 10;

pub(crate) fn run(
    source: &mut Source<'_>,
    probe: &Probe,
    task: &Task,
    op: &Vsample,
    env: &Environment<'_>,
) -> Result<Vec<Output>, OpsError> {
    let film = Film::of(probe, env)?;
    let micros = |time: Seconds| time.millis() as i64 * 1000;
    let rhythm = match (op.frames, op.interval) {
        (Some(count), _) => Rhythm::Evenly(count.get()),
        (None, Some(interval)) => Rhythm::Every(interval.millis() as i64 * 1000),
        (None, None) => Rhythm::Every(INTERVAL),
    };
    let schedule = Schedule::Many(Many {
        start: op.start.map_or(0, micros),
        length: op.length.map(micros),
        rhythm,
    });
    let plan = Plan::make(&film, source, &schedule)?;
    (env.explain)(task.index, &plan.explain());
    let fit = |size: Option<Size>| size.map_or(Fit::Source, Fit::Size);
    let sheet = &op.sheet;
    let side = |side: Option<Cells>| side.map_or(SIDE, Cells::get).into();
    let layout = Layout {
        rows: side(sheet.lines),
        columns: side(sheet.columns),
        padding: sheet.padding.map_or(0, |gap| gap.get()),
        margin: sheet.margin.map_or(0, |gap| gap.get()),
        colour: sheet.color.unwrap_or(Colour([0; 3])),
    };
    let singles = Style {
        fit: fit(op.size),
        format: op.format,
    };
    let sheets = Style {
        fit: fit(sheet.cell.or(op.size)),
        format: sheet.format.unwrap_or(op.format),
    };
    let has_singles = !op.has_sheets() || op.pattern.is_some();
    let wanted = Wanted {
        rotate: op.rotate,
        singles: has_singles.then_some(singles),
        sheets: op.has_sheets().then_some((sheets, layout)),
        distinct: op.frames.is_some(),
    };
    let album = album::take(&film, source, &plan, &wanted, task, env)?;
    let mut outputs = Vec::with_capacity(album.sheets.len() + album.singles.len());
    outputs.extend(named(album.sheets, album.sheet_size, &sheet.pattern));
    outputs.extend(named(album.singles, album.single_size, &op.pattern));
    Ok(outputs)
}

/// Files under the keys their pattern makes; without one they are numbered.
fn named<'a>(
    paths: Vec<PathBuf>,
    size: (u32, u32),
    pattern: &'a Option<Pattern>,
) -> impl Iterator<Item = Output> + 'a {
    (1..).zip(paths).map(move |(number, path)| {
        let key = pattern
            .as_ref()
            .and_then(|pattern| pattern.key(number).ok());
        Output::still(path, Some(size)).named(key.map_or(Name::Numbered, Name::Key))
    })
}
