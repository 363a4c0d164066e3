//! Sound of all parts in one rate and layout, counted by the sample: silence where a part has no sound or too little of
//! it, nothing before its beginning and nothing after its end.

use ffmpeg_next as ffmpeg;

use super::Entered;
use crate::OpsError;
use crate::av::filter::{AudioChain, AudioFilter, Level, Trim};
use crate::av::sys::{self, RawStream};
use crate::av::{AvError, MICROS, rescale};
use crate::plan::natural_layout;

/// Samples in a frame of silence.
const QUIET: u32 = 4096;

/// The sound of one stream of a reading.
pub(super) struct Sound {
    /// Time base of what comes out.
    base: (i32, i32),
    rate: u32,
    layout: &'static str,
    /// Samples of output so far.
    written: i64,
    at: i64,
    /// The first sample of the part, and the one it ends before at the latest.
    first: i64,
    last: Option<i64>,
    filter: Option<AudioFilter>,
    quiet: Option<ffmpeg::Frame>,
}

impl Sound {
    pub(super) fn new(facts: &RawStream) -> Self {
        Self {
            base: facts.time_base,
            rate: facts.sample_rate.max(1),
            layout: natural_layout(facts.channels),
            written: 0,
            at: 0,
            first: 0,
            last: None,
            filter: None,
            quiet: None,
        }
    }

    fn samples(&self, micros: i64) -> i64 {
        rescale(micros, MICROS, self.clock())
    }

    fn clock(&self) -> (i32, i32) {
        (1, self.rate as i32)
    }

    pub(super) fn begin(&mut self, part: &Entered<'_>) {
        self.at = part.at;
        self.first = self.samples(part.at);
        self.last = part.limit.map(|limit| self.samples(part.at + limit));
        self.filter = part.stream.map(|stream| {
            let chain = AudioChain {
                rate: self.rate,
                layout: self.layout.to_owned(),
                sample_format: "fltp",
                level: Level::Same,
                trim: Some(Trim { length: part.limit }),
            };
            AudioFilter::new(chain, stream.time_base)
        });
    }

    /// Samples of the part in the part's time.
    pub(super) fn frame(
        &mut self,
        frame: ffmpeg::Frame,
        give: &mut dyn FnMut(ffmpeg::Frame) -> Result<(), OpsError>,
    ) -> Result<(), OpsError> {
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
        let Some(mut filter) = self.filter.take() else {
            return Ok(());
        };
        let done = filter.frame(frame, &mut |frame, base| self.place(frame, base, give));
        self.filter = Some(filter);
        done
    }

    /// Puts filtered samples where they belong: a hole before them is filled, what overlaps or is too much is cut off.
    fn place(
        &mut self,
        frame: ffmpeg::Frame,
        base: (i32, i32),
        give: &mut dyn FnMut(ffmpeg::Frame) -> Result<(), OpsError>,
    ) -> Result<(), OpsError> {
        let count = i64::from(sys::sample_shape(&frame).samples.max(0));
        let at = frame.pts().map_or(self.written, |pts| {
            self.first + rescale(pts, base, self.clock())
        });
        let from = at.max(self.written);
        let to = self.last.map_or(at + count, |last| last.min(at + count));
        if from >= to {
            return Ok(());
        }
        self.silence(from, give)?;
        let frame = if (from, to) == (at, at + count) {
            frame
        } else {
            // Both are within the frame, so they are small.
            let (skipped, kept) = ((from - at) as u32, (to - from) as u32);
            sys::cut_samples(&frame, skipped, kept).map_err(memory)?
        };
        self.give(frame, to - from, give)
    }

    fn give(
        &mut self,
        mut frame: ffmpeg::Frame,
        count: i64,
        give: &mut dyn FnMut(ffmpeg::Frame) -> Result<(), OpsError>,
    ) -> Result<(), OpsError> {
        frame.set_pts(Some(rescale(self.written, self.clock(), self.base)));
        self.written += count;
        give(frame)
    }

    /// Silence up to the sample `until`.
    fn silence(
        &mut self,
        until: i64,
        give: &mut dyn FnMut(ffmpeg::Frame) -> Result<(), OpsError>,
    ) -> Result<(), OpsError> {
        while self.written < until {
            let count = (until - self.written).min(QUIET.into());
            let frame = if count == i64::from(QUIET) {
                let quiet = match &mut self.quiet {
                    Some(quiet) => quiet,
                    none => {
                        none.insert(sys::silence(self.rate, self.layout, QUIET).map_err(memory)?)
                    }
                };
                sys::share(quiet).map_err(memory)?
            } else {
                sys::silence(self.rate, self.layout, count as u32).map_err(memory)?
            };
            self.give(frame, count, give)?;
        }
        Ok(())
    }

    /// Silence up to `until` microseconds of a part that has no sound.
    pub(super) fn fill(
        &mut self,
        until: i64,
        give: &mut dyn FnMut(ffmpeg::Frame) -> Result<(), OpsError>,
    ) -> Result<(), OpsError> {
        match self.filter {
            Some(_) => Ok(()),
            None => self.end_at(until, give),
        }
    }

    /// Silence up to `length` microseconds of the part.
    pub(super) fn end_at(
        &mut self,
        length: i64,
        give: &mut dyn FnMut(ffmpeg::Frame) -> Result<(), OpsError>,
    ) -> Result<(), OpsError> {
        self.silence(self.samples(self.at + length), give)
    }

    /// Where the sound ends, in microseconds of the part.
    pub(super) fn end(&self) -> i64 {
        match self.filter {
            Some(_) => rescale(self.written - self.first, self.clock(), MICROS),
            None => 0,
        }
    }
}

fn memory(error: ffmpeg::Error) -> OpsError {
    OpsError::Memory {
        reason: AvError(error),
    }
}
