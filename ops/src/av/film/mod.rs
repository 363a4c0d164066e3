//! The film of a source, as pictures are taken out of it: the one shown at a moment, or one for each of many moments.
//!
//! `walk` decodes up to every moment, from the key picture before it or on from the moment before; `alone` decodes
//! nothing but key pictures. Which of the two is decided from what `keys` finds out without decoding (`plan`).

mod alone;
mod keys;
mod picker;
mod plan;
mod run;
mod schedule;
mod walk;

use ffmpeg_next as ffmpeg;

use super::decode::Decoder;
use super::open::{Input, Source};
use super::sys::{self, RawFormat, RawStream};
use super::{MICROS, rescale, rescale_down, seconds};
use crate::OpsError;
use crate::probe::Probe;
use crate::run::Environment;

pub(crate) use plan::Plan;
pub(crate) use schedule::{Many, Rhythm, Schedule};

/// Packets in a row that may be unreadable or of other streams before the rest is given up.
const UNREADABLE: usize = 100_000;

/// Takes the picture of a moment: its number, and the decoded picture.
pub(crate) type Take<'t> = dyn FnMut(usize, ffmpeg::Frame) -> Result<(), OpsError> + 't;

/// The video of a source. Moments are microseconds from the start of the source.
pub(crate) struct Film<'a> {
    pub(crate) stream: &'a RawStream,
    format: &'a RawFormat,
    env: &'a Environment<'a>,
}

/// What becomes of a moment behind the end of the film.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beyond {
    /// The command fails, for this parameter named the moment.
    Fails(&'static str),
    /// It has no picture, and so have none those after it.
    Ends,
    /// The last picture is shown.
    Last,
}

impl<'a> Film<'a> {
    /// The stream a player would show.
    pub(crate) fn of(probe: &'a Probe, env: &'a Environment<'a>) -> Result<Self, OpsError> {
        Ok(Self {
            stream: probe.video().ok_or(OpsError::NoStream { kind: "video" })?,
            format: &probe.format,
            env,
        })
    }

    /// Takes the pictures that were planned, in order, and says how many there were.
    pub(crate) fn take(
        &self,
        source: &mut Source<'_>,
        plan: &Plan,
        take: &mut Take<'_>,
    ) -> Result<usize, OpsError> {
        let done = match &plan.alone {
            Some(keys) => self.alone(source, plan, keys, take)?,
            None => 0,
        };
        // Key pictures that do not stand alone, as in streams that refresh bit by bit, are found out by trying.
        let all = self.walk(source, plan, done, take)?;
        match plan.beyond {
            _ if all > 0 => Ok(all),
            Beyond::Ends => Err(self.past_end("ss", plan.moments.first().copied(), None)),
            _ => Err(OpsError::NothingDecoded),
        }
    }

    /// First timestamp of the file, microseconds.
    fn origin(&self) -> i64 {
        self.format.start.unwrap_or(0)
    }

    /// The last tick of the stream that is not after a moment. The origin is a timestamp rounded to microseconds; one more
    /// makes sure that a picture at this very moment counts.
    fn tick(&self, moment: i64) -> i64 {
        rescale_down(
            self.origin().saturating_add(moment).saturating_add(1),
            MICROS,
            self.stream.time_base,
        )
    }

    /// The moment of a tick.
    fn moment(&self, tick: i64) -> i64 {
        rescale(tick, self.stream.time_base, MICROS).saturating_sub(self.origin())
    }

    /// Ticks in a length of time.
    fn ticks(&self, micros: i64) -> i64 {
        rescale(micros, MICROS, self.stream.time_base)
    }

    /// How long a picture is shown when nothing says so, in ticks.
    fn frame_length(&self) -> i64 {
        let (num, den) = self.stream.avg_frame_rate;
        if num > 0 && den > 0 {
            rescale(1, (den, num), self.stream.time_base).max(1)
        } else {
            1
        }
    }

    /// Where the film ends by the container's header, as a moment.
    fn end_by_header(&self) -> Option<i64> {
        let stream = self.stream;
        let by_stream = stream
            .duration
            .map(|length| self.moment(stream.start.unwrap_or(0).saturating_add(length)));
        by_stream.or(self.format.duration).filter(|&end| end > 0)
    }

    fn past_end(&self, parameter: &'static str, moment: Option<i64>, end: Option<i64>) -> OpsError {
        let end = match end {
            Some(tick) => seconds(tick, self.stream.time_base) - self.origin() as f64 / 1e6,
            None => self.end_by_header().unwrap_or(0) as f64 / 1e6,
        };
        OpsError::PastEnd {
            parameter,
            offset: moment.unwrap_or(0) as f64 / 1e6,
            end,
        }
    }

    fn check_cancelled(&self) -> Result<(), OpsError> {
        if self.env.cancel.is_cancelled() {
            Err(OpsError::Cancelled)
        } else {
            Ok(())
        }
    }

    fn decoder(&self, input: &Input, threads: usize) -> Result<Decoder, OpsError> {
        let stream = input
            .context
            .stream(self.stream.index)
            .ok_or(OpsError::NoStream { kind: "video" })?;
        Decoder::open(&stream, self.stream, threads, self.env.limits)
    }

    /// The demuxer is to read the packets of this stream alone.
    fn only_this_stream<'i>(&self, input: &'i mut Input) -> &'i mut Input {
        for index in 0..input.probe.streams.len() {
            sys::set_wanted(&mut input.context, index, index == self.stream.index);
        }
        input
    }

    /// The next packet of the stream; `None` at the end of what can be read.
    fn next_packet(&self, input: &mut Input) -> Result<Option<ffmpeg::Packet>, OpsError> {
        for _ in 0..UNREADABLE {
            self.check_cancelled()?;
            let mut packet = ffmpeg::Packet::empty();
            match packet.read(&mut input.context) {
                Ok(()) if packet.stream() == self.stream.index => return Ok(Some(packet)),
                Ok(()) | Err(ffmpeg::Error::InvalidData) => {}
                Err(_) => return Ok(None),
            }
        }
        Ok(None)
    }
}
