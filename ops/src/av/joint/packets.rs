//! Packets of all parts on one clock, as they are.

use ffmpeg_next as ffmpeg;

use super::Entered;
use super::pictures::tick;
use crate::OpsError;
use crate::av::sys::{self, Medium, RawStream};
use crate::av::{AvError, MICROS, rescale};

/// The packets of one stream of a reading.
pub(super) struct Packets {
    /// Time base of what comes out.
    base: (i32, i32),
    is_video: bool,
    /// No other stream is copied beside it.
    alone: bool,
    /// How long a packet lasts that does not say it, in microseconds.
    tick: i64,
    at: i64,
    /// Time base of the part's packets.
    here: (i32, i32),
    /// The part's time of its first packet, where it is to begin with that.
    zero: Option<i64>,
    end: i64,
}

impl Packets {
    pub(super) fn new(facts: &RawStream, alone: bool) -> Self {
        let is_video = facts.medium == Medium::Video;
        Self {
            base: facts.time_base,
            is_video,
            alone,
            tick: if is_video {
                rescale(1, tick(facts), MICROS)
            } else {
                0
            },
            at: 0,
            here: facts.time_base,
            zero: None,
            end: 0,
        }
    }

    pub(super) fn begin(&mut self, part: &Entered<'_>) {
        self.at = part.at;
        self.here = part.stream.map_or(self.base, |stream| stream.time_base);
        self.zero = None;
        self.end = 0;
    }

    /// A packet of the part in the part's time.
    ///
    /// What lies before the beginning of a part is there for decoders to warm up on. The first part keeps it, as a file
    /// of its own would; behind another part there is no room for it. Sound decodes without it. Pictures do not, so a
    /// part whose first pictures are hidden is refused.
    pub(super) fn packet(
        &mut self,
        packet: &ffmpeg::Packet,
    ) -> Result<Option<ffmpeg::Packet>, OpsError> {
        let time = packet.pts().or(packet.dts()).unwrap_or(0);
        let is_first = self.at == 0;
        let is_before = time.saturating_add(packet.duration().max(0)) <= 0;
        if !is_first && is_before {
            if self.is_video && sys::is_hidden(packet) {
                return Err(OpsError::HiddenStart);
            }
            if !self.is_video {
                return Ok(None);
            }
        }
        // Sound alone begins with its first packet, whole: nothing has to stay in step with it.
        let zero = match self.alone && !self.is_video && !is_first {
            true => *self.zero.get_or_insert(time),
            false => 0,
        };
        let ends = match packet.duration() {
            duration if duration > 0 => rescale(time - zero + duration, self.here, MICROS),
            _ => rescale(time - zero, self.here, MICROS) + self.tick,
        };
        self.end = self.end.max(ends);
        let start = rescale(self.at, MICROS, self.base);
        let moved = |value: i64| start + rescale(value - zero, self.here, self.base);
        let mut copy = sys::share_packet(packet).map_err(|error| OpsError::Memory {
            reason: AvError(error),
        })?;
        copy.set_pts(packet.pts().map(moved));
        copy.set_dts(packet.dts().map(moved));
        copy.set_duration(rescale(packet.duration(), self.here, self.base));
        Ok(Some(copy))
    }

    /// Where the last packet ends, in microseconds of the part.
    pub(super) fn end(&self) -> i64 {
        self.end
    }
}
