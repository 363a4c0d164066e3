//! Packets in, a file out. The header is written once every stream is known; until then packets wait.

mod header;
mod streams;

use std::path::{Path, PathBuf};

use ffmpeg_next as ffmpeg;

use super::segments::{Rendition, SegmentPlan, Segmenter};
use super::subtitles::TextTrack;
use super::sys::{self, RawChapter};
use super::{AvError, MICROS, rescale, seconds};
use crate::OpsError;
use crate::op::{Container, SegmentFormat};
pub(crate) use header::carried;
use header::muxer_name;

/// Bytes of packets that may wait for a stream that has not shown itself.
const HELD: usize = 256 << 20;

/// What a file carries beside its streams.
#[derive(Debug, Clone, Default)]
pub(crate) struct Extras {
    pub(crate) metadata: Vec<(String, String)>,
    pub(crate) chapters: Vec<RawChapter>,
    /// Put the index before the media.
    pub(crate) faststart: bool,
}

/// A file being written.
pub(crate) struct Muxer {
    context: ffmpeg::format::context::Output,
    path: PathBuf,
    container: Container,
    /// The output is many files.
    segmenter: Option<Segmenter>,
    extras: Extras,
    /// Streams of text, put behind the others when those are known.
    subtitles: Vec<TextTrack>,
    expected: usize,
    streams: Vec<Track>,
    started: bool,
    waiting: Vec<(usize, ffmpeg::Packet, (i32, i32))>,
    /// Bytes that wait.
    held: usize,
    limit: u64,
}

/// One stream of the output.
struct Track {
    /// As the muxer chose it, once the header is written.
    time_base: (i32, i32),
    last_dts: Option<i64>,
    /// Where the stream ends, in seconds of output.
    end: f64,
    packets: u64,
}

impl Track {
    fn new() -> Self {
        Self {
            time_base: (1, 1),
            last_dts: None,
            end: 0.0,
            packets: 0,
        }
    }
}

/// What became of the file.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    /// Seconds, of the longest stream.
    pub(crate) duration: f64,
    pub(crate) bytes: u64,
    /// The files, if there are many.
    pub(crate) rendition: Option<Rendition>,
}

impl Muxer {
    /// Creates `path` for `streams` streams; `limit` is the most bytes it may get.
    pub(crate) fn create(
        path: &Path,
        container: Container,
        has_video: bool,
        streams: usize,
        extras: Extras,
        limit: u64,
    ) -> Result<Self, OpsError> {
        let name = path
            .to_str()
            .filter(|name| !name.contains('\0'))
            .ok_or_else(|| OpsError::Write {
                path: path.to_owned(),
                reason: AvError(ffmpeg::Error::Other {
                    errno: ffmpeg::error::EINVAL,
                }),
            })?;
        let context =
            ffmpeg::format::output_as(&format!("file:{name}"), muxer_name(container, has_video))
                .map_err(|error| OpsError::Write {
                    path: path.to_owned(),
                    reason: AvError(error),
                })?;
        Ok(Self {
            context,
            path: path.to_owned(),
            container,
            segmenter: None,
            extras,
            subtitles: Vec::new(),
            expected: streams,
            streams: Vec::with_capacity(streams),
            started: false,
            waiting: Vec::new(),
            held: 0,
            limit,
        })
    }

    /// Creates files that are called after `stem`, cut as `plan` says.
    pub(crate) fn segmented(
        stem: &Path,
        plan: &SegmentPlan,
        streams: usize,
        extras: Extras,
    ) -> Result<Self, OpsError> {
        let (context, segmenter) = Segmenter::create(stem, plan)?;
        Ok(Self {
            context,
            path: stem.to_owned(),
            container: match plan.format {
                SegmentFormat::Ts => Container::Ts,
                SegmentFormat::Mp4 | SegmentFormat::M4s => Container::Mp4,
            },
            segmenter: Some(segmenter),
            extras: Extras {
                // A list of segments has no place for them.
                chapters: Vec::new(),
                faststart: false,
                ..extras
            },
            subtitles: Vec::new(),
            expected: streams,
            streams: Vec::with_capacity(streams),
            started: false,
            waiting: Vec::new(),
            held: 0,
            limit: u64::MAX,
        })
    }

    /// True if encoders must be opened with their headers beside the stream.
    pub(crate) fn wants_global_header(&self) -> bool {
        sys::wants_global_header(&self.context)
    }

    /// A stream that was planned turned out to hold nothing.
    pub(crate) fn give_up_stream(&mut self) -> Result<(), OpsError> {
        self.expected = self.expected.saturating_sub(1);
        self.start_when_complete()
    }

    /// Writes a packet of stream `index` whose timestamps are in `base`, and the texts that have come due.
    pub(crate) fn write(
        &mut self,
        index: usize,
        packet: ffmpeg::Packet,
        base: (i32, i32),
    ) -> Result<(), OpsError> {
        self.write_as_is(index, packet, base)?;
        self.write_due_texts(index)
    }

    /// Writes the texts that begin before the end of what stream `index` has so far. Not before: what is said after the film
    /// has ended is not to make it longer.
    fn write_due_texts(&mut self, index: usize) -> Result<(), OpsError> {
        if !self.started {
            return Ok(());
        }
        let reached = self.streams[index].end;
        for text in 0..self.subtitles.len() {
            while let Some(packet) = self.subtitles[text].due(reached) {
                self.write_as_is(self.expected + text, packet, TextTrack::TIME_BASE)?;
            }
        }
        Ok(())
    }

    fn write_as_is(
        &mut self,
        index: usize,
        mut packet: ffmpeg::Packet,
        base: (i32, i32),
    ) -> Result<(), OpsError> {
        if !self.started {
            self.held += packet.size();
            if self.held > HELD {
                return Err(OpsError::StreamsTooFarApart { limit: HELD });
            }
            self.waiting.push((index, packet, base));
            return Ok(());
        }
        // An empty packet with side data is an encoder's last word (FLAC: how many samples there were).
        if packet.size() == 0 && packet.side_data().next().is_none() {
            return Ok(());
        }
        let track = &mut self.streams[index];
        let to = track.time_base;
        let duration = packet.duration().max(0);
        let moment = packet.pts().map(|pts| rescale(pts, base, MICROS));
        let in_output = |value: Option<i64>| value.map(|value| rescale(value, base, to));
        let (mut pts, mut dts) = (in_output(packet.pts()), in_output(packet.dts()));
        // Muxers refuse timestamps that stand still or are missing; sources have both.
        let floor = track.last_dts.map(|last| last + 1);
        let decode_at = match (dts.or(pts), floor) {
            (Some(dts), Some(floor)) => dts.max(floor),
            (Some(dts), None) => dts,
            (None, floor) => floor.unwrap_or(0),
        };
        dts = Some(decode_at);
        pts = Some(pts.unwrap_or(decode_at).max(decode_at));
        track.last_dts = dts;
        track.packets += 1;
        track.end = track
            .end
            .max(seconds(pts.unwrap_or(0), to) + seconds(duration, base));
        packet.set_pts(pts);
        packet.set_dts(dts);
        packet.set_duration(rescale(duration, base, to));
        packet.set_position(-1);
        packet.set_stream(index);
        if let Some(segmenter) = &mut self.segmenter {
            let moment = moment.unwrap_or(rescale(decode_at, to, MICROS));
            return segmenter.packet(&mut self.context, index, packet, moment);
        }
        packet
            .write_interleaved(&mut self.context)
            .map_err(|error| self.failed(error))?;
        let written = sys::bytes_written(&self.context).max(0) as u64;
        if written > self.limit {
            return Err(OpsError::OutputTooLarge { limit: self.limit });
        }
        Ok(())
    }

    /// Writes the end of the file and closes it.
    pub(crate) fn finish(mut self) -> Result<Written, OpsError> {
        let mut media = self.streams.iter().take(self.expected);
        if !self.started || media.all(|track| track.packets == 0) {
            return Err(OpsError::NothingDecoded);
        }
        for index in 0..self.expected.min(self.streams.len()) {
            self.write_due_texts(index)?;
        }
        if let Some(segmenter) = self.segmenter {
            let rendition = segmenter.finish(&mut self.context)?;
            return Ok(Written {
                duration: rendition.duration(),
                bytes: rendition.bytes(),
                rendition: Some(rendition),
            });
        }
        self.context
            .write_trailer()
            .map_err(|error| self.failed(error))?;
        sys::flush_output(&mut self.context).map_err(|error| self.failed(error))?;
        let duration = self
            .streams
            .iter()
            .map(|track| track.end)
            .fold(0.0, f64::max);
        drop(self.context);
        let bytes = std::fs::metadata(&self.path)
            .map_err(|error| OpsError::Write {
                path: self.path.clone(),
                reason: AvError(ffmpeg::Error::Other {
                    errno: error.raw_os_error().unwrap_or(ffmpeg::error::EIO),
                }),
            })?
            .len();
        Ok(Written {
            duration,
            bytes,
            rendition: None,
        })
    }

    fn failed(&self, error: ffmpeg::Error) -> OpsError {
        match error {
            ffmpeg::Error::Other { errno } if errno != ffmpeg::error::EINVAL => OpsError::Write {
                path: self.path.clone(),
                reason: AvError(error),
            },
            _ => OpsError::Mux {
                container: self.container.suffix(),
                reason: AvError(error),
            },
        }
    }
}
