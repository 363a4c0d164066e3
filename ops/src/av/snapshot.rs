//! The picture a player shows at one moment: seek to the key picture before it, decode up to it, and no further.

use ffmpeg_next as ffmpeg;

use super::decode::Decoder;
use super::filter::{VideoChain, VideoFilter};
use super::geometry::Turn;
use super::open::{Input, Source};
use super::sys::{self, RawStream};
use super::{MICROS, rescale, rescale_down, seconds};
use crate::OpsError;
use crate::op::{Size, Vframe};
use crate::run::Environment;

/// Compressed bytes that may be held while looking for the wanted packet.
const HELD: usize = 64 << 20;
/// Packets in a row that may be unreadable or of other streams before the rest is given up.
const UNREADABLE: usize = 100_000;
/// How far before the moment to seek, in seconds, when the last seek landed behind it.
const STEPS_BACK: [i64; 4] = [0, 2, 10, 60];

/// Takes the picture of `source` that `op` asks for, as packed RGB.
pub(crate) fn snapshot(
    source: &mut Source<'_>,
    stream: &RawStream,
    origin: i64,
    op: &Vframe,
    env: &Environment<'_>,
) -> Result<Rgb, OpsError> {
    let millis = op.offset.map_or(0, |offset| offset.millis());
    let frame = Search::new(stream, origin, millis, env).run(source)?;
    picture(frame, op, stream, env)
}

/// A picture in memory, three bytes a pixel.
pub(crate) struct Rgb {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) data: Vec<u8>,
}

/// Turns and sizes the frame; the result has square pixels.
fn picture(
    frame: ffmpeg::Frame,
    op: &Vframe,
    stream: &RawStream,
    env: &Environment<'_>,
) -> Result<Rgb, OpsError> {
    let chain = VideoChain {
        turn: stream
            .display_matrix
            .as_ref()
            .map(Turn::of_matrix)
            .unwrap_or_default()
            .then(op.rotate),
        size: match (op.w, op.h) {
            (Some(w), Some(h)) => Some(Size::Exact {
                width: w.get(),
                height: h.get(),
            }),
            (Some(w), None) => Some(Size::Width(w.get())),
            (None, Some(h)) => Some(Size::Height(h.get())),
            (None, None) => None,
        },
        square: true,
        ..VideoChain::into_format("rgb24")
    };
    let mut filter = VideoFilter::new(chain, stream.time_base, (0, 1), stream.sar, 1);
    let mut result = None;
    let mut keep = |frame: ffmpeg::Frame, _base| {
        result = Some(frame);
        Ok(())
    };
    filter.frame(Some(frame), &mut keep)?;
    filter.frame(None, &mut keep)?;
    let frame = ffmpeg::frame::Video::from(result.ok_or(OpsError::NothingDecoded)?);
    let (width, height) = (frame.width(), frame.height());
    if u64::from(width) * u64::from(height) > env.limits.pixels {
        return Err(OpsError::TooLarge {
            width,
            height,
            limit: env.limits.pixels,
        });
    }
    let row = width as usize * 3;
    let mut data = Vec::with_capacity(row * height as usize);
    for line in frame.data(0).chunks(frame.stride(0)).take(height as usize) {
        data.extend_from_slice(line.get(..row).ok_or(OpsError::NothingDecoded)?);
    }
    Ok(Rgb {
        width,
        height,
        data,
    })
}

/// The search for one moment.
struct Search<'a> {
    stream: &'a RawStream,
    env: &'a Environment<'a>,
    /// First timestamp of the file, microseconds.
    origin: i64,
    /// The moment in the stream's time base.
    target: i64,
    offset_seconds: f64,
}

/// Packets from a key picture up to the moment, and the picture to show.
struct Run {
    packets: Vec<ffmpeg::Packet>,
    /// Timestamp of the picture that is shown at the moment.
    wanted: i64,
    /// Where that picture ends, if it is the last one of the stream.
    end: Option<i64>,
}

impl<'a> Search<'a> {
    fn new(stream: &'a RawStream, origin: i64, millis: u64, env: &'a Environment<'a>) -> Self {
        let micros =
            origin.saturating_add(i64::try_from(millis.saturating_mul(1000)).unwrap_or(i64::MAX));
        Self {
            stream,
            env,
            origin,
            target: rescale_down(micros, MICROS, stream.time_base),
            offset_seconds: millis as f64 / 1000.0,
        }
    }

    fn run(&self, source: &mut Source<'_>) -> Result<ffmpeg::Frame, OpsError> {
        if self.target > self.stream.start.unwrap_or(i64::MIN) {
            let input = self.only_this_stream(source.anywhere()?);
            for step in STEPS_BACK {
                let micros = rescale(self.target, self.stream.time_base, MICROS) - step * 1_000_000;
                if input.context.seek(micros, ..micros).is_err() {
                    break;
                }
                if let Some(run) = self.collect(input)?
                    && let Some(frame) = self.decode(input, &run)?
                {
                    return Ok(frame);
                }
            }
        }
        // The very start, no index, one that lies, or no key picture to begin at: everything from the first packet on.
        self.decode_all(self.only_this_stream(source.fresh()?))
    }

    fn only_this_stream<'i>(&self, input: &'i mut Input) -> &'i mut Input {
        for index in 0..input.probe.streams.len() {
            sys::set_wanted(&mut input.context, index, index == self.stream.index);
        }
        input
    }

    /// Packets from where a seek landed until none to come can be shown at the moment; decodes nothing. `None` if the
    /// landing point is no use: behind the moment, without timestamps, or too far before it.
    fn collect(&self, input: &mut Input) -> Result<Option<Run>, OpsError> {
        let mut packets = Vec::new();
        let (mut held, mut key_at, mut shown, mut ended) = (0, None, None, true);
        while let Some(packet) = self.next_packet(input)? {
            let Some(pts) = packet.pts() else {
                return Ok(None);
            };
            if packet.is_key() && key_at.is_none() {
                key_at = Some(pts);
            }
            if key_at.is_none_or(|key| key > self.target) || held > HELD {
                return Ok(None);
            }
            // Packets come by decoding time, which is never after showing time.
            if packet.dts().unwrap_or(pts) > self.target {
                ended = false;
                break;
            }
            if pts <= self.target && !sys::is_hidden(&packet) {
                shown = shown.max(Some((pts, packet.duration())));
            }
            held += packet.size();
            packets.push(packet);
        }
        let (Some((wanted, duration)), Some(key)) = (shown, key_at) else {
            return Ok(None);
        };
        // A picture shown before the key picture refers to one we do not have.
        let end = ended.then(|| wanted + duration.max(self.frame_length()));
        Ok((wanted >= key).then_some(Run {
            packets,
            wanted,
            end,
        }))
    }

    /// Decodes just up to the wanted picture. `None` if it does not come out of these packets.
    fn decode(&self, input: &Input, run: &Run) -> Result<Option<ffmpeg::Frame>, OpsError> {
        if let Some(end) = run.end.filter(|&end| self.target >= end) {
            return Err(self.past_end(end));
        }
        let mut decoder = self.decoder(input)?;
        let mut found = None;
        let mut take = |frame: ffmpeg::Frame| {
            if sys::best_timestamp(&frame) == Some(run.wanted) {
                found = Some(frame);
            }
            Ok(())
        };
        for packet in &run.packets {
            self.check_cancelled()?;
            // Earlier pictures that no other refers to need not be decoded at all.
            let earlier = packet.pts().is_some_and(|pts| pts < run.wanted);
            decoder.skip(if earlier {
                ffmpeg::Discard::NonReference
            } else {
                ffmpeg::Discard::Default
            });
            decoder.packet(packet, &mut take)?;
        }
        decoder.finish(&mut take)?;
        Ok(found)
    }

    /// Decodes from the first packet on and keeps the last picture that is not after the moment.
    fn decode_all(&self, input: &mut Input) -> Result<ffmpeg::Frame, OpsError> {
        let mut decoder = self.decoder(input)?;
        let mut shown: Option<(i64, ffmpeg::Frame)> = None;
        let (mut passed, mut next) = (false, self.stream.start.unwrap_or(0));
        let mut take = |frame: ffmpeg::Frame| {
            let at = sys::best_timestamp(&frame).unwrap_or(next);
            next = at + sys::frame_duration(&frame).max(1);
            if !passed && (at <= self.target || shown.is_none()) {
                shown = Some((at, frame));
            }
            passed |= at >= self.target;
            Ok(passed)
        };
        let mut done = false;
        while !done && let Some(packet) = self.next_packet(input)? {
            decoder.packet(&packet, &mut |frame| {
                take(frame).map(|passed| done |= passed)
            })?;
        }
        if !done {
            decoder.finish(&mut |frame| take(frame).map(|passed| done |= passed))?;
        }
        let (at, frame) =
            shown.ok_or_else(|| decoder.failure().unwrap_or(OpsError::NothingDecoded))?;
        let end = at + sys::frame_duration(&frame).max(self.frame_length());
        if !done && self.target >= end && self.offset_seconds > 0.0 {
            return Err(self.past_end(end));
        }
        Ok(frame)
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

    fn decoder(&self, input: &Input) -> Result<Decoder, OpsError> {
        let stream = input
            .context
            .stream(self.stream.index)
            .ok_or(OpsError::NoStream { kind: "video" })?;
        // One thread: frame threads would delay the picture by their number.
        Decoder::open(&stream, self.stream, 1, self.env.limits)
    }

    /// How long a picture is shown when nothing says so.
    fn frame_length(&self) -> i64 {
        let (num, den) = self.stream.avg_frame_rate;
        if num > 0 && den > 0 {
            rescale(1, (den, num), self.stream.time_base).max(1)
        } else {
            1
        }
    }

    fn check_cancelled(&self) -> Result<(), OpsError> {
        if self.env.cancel.is_cancelled() {
            Err(OpsError::Cancelled)
        } else {
            Ok(())
        }
    }

    fn past_end(&self, end: i64) -> OpsError {
        OpsError::PastEnd {
            parameter: "offset",
            offset: self.offset_seconds,
            end: seconds(end, self.stream.time_base) - self.origin as f64 / 1e6,
        }
    }
}
