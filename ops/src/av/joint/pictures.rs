//! Pictures of all parts on one clock and, where the parts are different files, on one screen.

use ffmpeg_next as ffmpeg;

use super::Entered;
use super::screen::{Screen, ScreenFilter};
use crate::OpsError;
use crate::av::sys::{self, Colour, RawStream};
use crate::av::{MICROS, rescale};

/// The pictures of one stream of a reading.
pub(super) struct Pictures {
    /// Time base of what comes out.
    base: (i32, i32),
    screen: Option<Screen>,
    /// What the first picture on the screen was; all others are made like it.
    colour: Option<Colour>,
    threads: usize,
    at: i64,
    limit: Option<i64>,
    here: Option<Here>,
    /// How long a black picture is shown, as a fraction of a second.
    tick: (i32, i32),
    /// Black pictures of this part so far.
    blacks: i64,
    end: i64,
}

/// The stream of the part that is read.
struct Here {
    base: (i32, i32),
    /// How long a picture is shown that does not say it, in microseconds.
    tick: i64,
    filter: Option<ScreenFilter>,
}

impl Pictures {
    pub(super) fn new(facts: &RawStream, screen: Option<Screen>, threads: usize) -> Self {
        Self {
            base: facts.time_base,
            screen,
            colour: None,
            threads,
            at: 0,
            limit: None,
            here: None,
            tick: tick(facts),
            blacks: 0,
            end: 0,
        }
    }

    pub(super) fn begin(&mut self, part: &Entered<'_>) {
        self.at = part.at;
        self.limit = part.limit;
        self.blacks = 0;
        self.end = 0;
        self.here = part.stream.map(|stream| Here {
            base: stream.time_base,
            tick: rescale(1, tick(stream), MICROS),
            filter: self
                .screen
                .map(|screen| ScreenFilter::new(&screen, stream, self.threads)),
        });
    }

    /// A picture of the part in the part's time.
    pub(super) fn frame(
        &mut self,
        frame: ffmpeg::Frame,
        give: &mut dyn FnMut(ffmpeg::Frame) -> Result<(), OpsError>,
    ) -> Result<(), OpsError> {
        let Some(here) = &self.here else {
            return Ok(());
        };
        let pts = frame.pts().unwrap_or(0);
        let micros = rescale(pts, here.base, MICROS);
        if pts < 0 || self.limit.is_some_and(|limit| micros >= limit) {
            return Ok(());
        }
        let shown = match sys::frame_duration(&frame) {
            duration if duration > 0 => rescale(duration, here.base, MICROS),
            _ => here.tick,
        };
        let end = micros.saturating_add(shown);
        self.end = self.end.max(self.limit.map_or(end, |limit| end.min(limit)));
        self.filter(Some(frame), give)
    }

    /// What the filter still holds.
    pub(super) fn drain(
        &mut self,
        give: &mut dyn FnMut(ffmpeg::Frame) -> Result<(), OpsError>,
    ) -> Result<(), OpsError> {
        self.filter(None, give)
    }

    fn filter(
        &mut self,
        frame: Option<ffmpeg::Frame>,
        give: &mut dyn FnMut(ffmpeg::Frame) -> Result<(), OpsError>,
    ) -> Result<(), OpsError> {
        let (at, to) = (self.at, self.base);
        let mut place = |mut frame: ffmpeg::Frame, base: (i32, i32)| {
            let pts = frame.pts().unwrap_or(0);
            if base != to {
                let duration = rescale(sys::frame_duration(&frame), base, to);
                sys::set_frame_duration(&mut frame, duration);
            }
            frame.set_pts(Some(rescale(at, MICROS, to) + rescale(pts, base, to)));
            give(frame)
        };
        match (&mut self.here, frame) {
            (
                Some(Here {
                    filter: Some(filter),
                    ..
                }),
                frame,
            ) => filter.frame(frame, &mut self.colour, &mut place),
            (Some(Here { base, .. }), Some(frame)) => place(frame, *base),
            _ => Ok(()),
        }
    }

    /// Black pictures up to `until` microseconds of a part that has none of its own.
    pub(super) fn fill(
        &mut self,
        until: i64,
        give: &mut dyn FnMut(ffmpeg::Frame) -> Result<(), OpsError>,
    ) -> Result<(), OpsError> {
        let (None, Some(screen)) = (&self.here, &self.screen) else {
            return Ok(());
        };
        loop {
            let time = rescale(self.blacks, self.tick, MICROS);
            if time >= until {
                return Ok(());
            }
            let mut frame = screen.blank()?;
            let colour = *self.colour.get_or_insert_with(|| sys::colour(&frame));
            sys::set_colour(&mut frame, colour);
            frame.set_pts(Some(rescale(self.at + time, MICROS, self.base)));
            sys::set_frame_duration(&mut frame, rescale(1, self.tick, self.base));
            self.blacks += 1;
            give(frame)?;
        }
    }

    /// Where the last picture ends, in microseconds of the part.
    pub(super) fn end(&self) -> i64 {
        self.end
    }
}

/// How long a picture is shown, by the stream's rate; a 25th of a second where there is none that makes sense.
pub(super) fn tick(stream: &RawStream) -> (i32, i32) {
    let sane = |&(num, den): &(i32, i32)| den > 0 && num >= den && num / den <= 240;
    let rate = [stream.avg_frame_rate, stream.r_frame_rate];
    let (num, den) = rate.into_iter().find(sane).unwrap_or((25, 1));
    (den, num)
}
