//! The pictures of a command on their way into files of their own, onto sheets, or both.

use std::path::PathBuf;

use ffmpeg_next as ffmpeg;

use super::fit::Fit;
use super::paint::{Look, Painter};
use super::press::Press;
use super::sheet::{Cell, Layout, Sheet};
use crate::OpsError;
use crate::av::AvError;
use crate::av::film::{Film, Plan};
use crate::av::open::Source;
use crate::av::sys;
use crate::op::{Picture, Rotate};
use crate::run::{Environment, Phase, Task};

/// What is made of the pictures.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) rotate: Option<Rotate>,
    /// A file for each.
    pub(crate) singles: Option<Style>,
    /// Sheets of them.
    pub(crate) sheets: Option<(Style, Layout)>,
    /// Moments that show what the one before shows are left out.
    pub(crate) distinct: bool,
}

/// Size and format of pictures.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    pub(crate) fit: Fit,
    pub(crate) format: Picture,
}

/// What was made of the pictures.
#[derive(Debug, Default)]
pub(crate) struct Album {
    pub(crate) singles: Vec<PathBuf>,
    pub(crate) single_size: (u32, u32),
    pub(crate) sheets: Vec<PathBuf>,
    pub(crate) sheet_size: (u32, u32),
    /// Of each picture on a sheet the number of its moment, and where it stands.
    pub(crate) cells: Vec<(usize, Cell)>,
}

/// Takes the planned pictures and writes what is wanted of them into the task's folder.
pub(crate) fn take(
    film: &Film<'_>,
    source: &mut Source<'_>,
    plan: &Plan,
    wanted: &Wanted,
    task: &Task,
    env: &Environment<'_>,
) -> Result<Album, OpsError> {
    let count = plan.moments().len();
    // One thread decodes; a picture alone is not worth another.
    let beside = if count > 1 {
        env.threads.saturating_sub(1)
    } else {
        0
    };
    std::thread::scope(|scope| {
        let mut making = Making {
            film,
            wanted,
            task,
            env,
            press: Press::start(scope, beside, film.stream),
            album: Album::default(),
            looks: None,
            painter: None,
            sheet: None,
            shown: None,
            pictures: 0,
        };
        let total = plan.end().unwrap_or_else(|| plan.moments()[count - 1]) as f64 / 1e6;
        let taken = film.take(source, plan, &mut |number, frame| {
            let made = making.picture(number, frame);
            let done = total * (number + 1) as f64 / count as f64;
            env.report(task.index, Phase::Running, done, Some(total));
            made
        });
        let taken = taken.and_then(|_| making.end_sheet());
        env.report(task.index, Phase::Finalising, total, Some(total));
        // Also after a failure: its threads are to be waited for.
        making.press.finish()?;
        taken.map(|()| making.album)
    })
}

struct Making<'scope, 'a> {
    film: &'a Film<'a>,
    wanted: &'a Wanted,
    task: &'a Task,
    env: &'a Environment<'a>,
    press: Press<'scope>,
    album: Album,
    /// Of single pictures, and of those on sheets; decided by the first one.
    looks: Option<(Look, Look)>,
    painter: Option<Painter>,
    sheet: Option<Sheet>,
    /// Timestamp of the picture taken last.
    shown: Option<i64>,
    pictures: usize,
}

impl Making<'_, '_> {
    /// The next picture.
    fn picture(&mut self, number: usize, frame: ffmpeg::Frame) -> Result<(), OpsError> {
        let again = self.shown.is_some() && self.shown == frame.pts();
        if again && self.wanted.distinct {
            return Ok(());
        }
        self.shown = frame.pts();
        let (single, cell) = self.looks(&frame)?;
        if let Some(style) = self.wanted.singles {
            let frame = sys::share(&frame).map_err(|error| OpsError::Memory {
                reason: AvError(error),
            })?;
            let suffix = style.format.suffix();
            let path = self
                .task
                .file(&format!("picture-{:06}.{suffix}", self.pictures + 1));
            self.album.singles.push(path.clone());
            self.album.single_size = single.size();
            self.press.frame(single, frame, style.format.into(), path)?;
        }
        if let Some((_, layout)) = self.wanted.sheets {
            self.on_sheet(number, frame, cell, &layout)?;
        }
        self.pictures += 1;
        Ok(())
    }

    fn looks(&mut self, first: &ffmpeg::Frame) -> Result<(Look, Look), OpsError> {
        if let Some(looks) = self.looks {
            return Ok(looks);
        }
        let look = |fit| {
            Look::of(
                self.film.stream,
                first,
                fit,
                self.wanted.rotate,
                self.env.limits,
            )
        };
        let single = self.wanted.singles.map_or(Fit::Source, |style| style.fit);
        let cell = self.wanted.sheets.map_or(single, |(style, _)| style.fit);
        let looks = (look(single)?, look(cell)?);
        self.looks = Some(looks);
        Ok(looks)
    }

    fn on_sheet(
        &mut self,
        number: usize,
        frame: ffmpeg::Frame,
        look: Look,
        layout: &Layout,
    ) -> Result<(), OpsError> {
        let cell = layout.cell(self.pictures, look.size());
        if cell.sheet == self.album.sheets.len() {
            self.end_sheet()?;
            self.album.sheet_size = layout.size(look.size(), self.env.limits)?;
            let suffix = self
                .wanted
                .sheets
                .map_or("", |(style, _)| style.format.suffix());
            let path = format!("sheet-{:06}.{suffix}", cell.sheet + 1);
            self.album.sheets.push(self.task.file(&path));
            self.sheet = Some(Sheet::new(self.album.sheet_size, layout.colour));
        }
        let painter = self
            .painter
            .get_or_insert_with(|| Painter::new(look, self.film.stream));
        let picture = painter.paint(frame)?;
        if let Some(sheet) = &mut self.sheet {
            sheet.put(&picture, cell);
        }
        self.album.cells.push((number, cell));
        Ok(())
    }

    /// Writes the sheet that was being filled.
    fn end_sheet(&mut self) -> Result<(), OpsError> {
        let (Some(sheet), Some((style, _)), Some(path)) = (
            self.sheet.take(),
            self.wanted.sheets,
            self.album.sheets.last(),
        ) else {
            return Ok(());
        };
        self.press
            .picture(sheet.into_picture(), style.format.into(), path.clone())
    }
}
