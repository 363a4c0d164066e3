//! Packets in, a file out. The header is written once every stream is known; until then packets wait.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use ffmpeg_next as ffmpeg;

use super::encode::Encoder;
use super::segments::{Rendition, SegmentPlan, Segmenter};
use super::subtitles::TextTrack;
use super::sys::{self, RawChapter, RawStream, Rewriter};
use super::{AvError, MICROS, rescale, seconds};
use crate::OpsError;
use crate::op::{Container, SegmentFormat};

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

    /// Adds a stream that `encoder` feeds; gives its number.
    pub(crate) fn add_encoded(
        &mut self,
        encoder: &Encoder,
        frame_rate: (i32, i32),
    ) -> Result<usize, OpsError> {
        let index = self.streams.len();
        let added = self.context.add_stream_with(encoder.context()).map(|_| ());
        added.map_err(|error| self.failed(error))?;
        let hevc_in_mp4 =
            self.container.is_mp4_like() && encoder.context().id() == ffmpeg::codec::Id::HEVC;
        let mpeg4_in_avi =
            self.container == Container::Avi && encoder.context().id() == ffmpeg::codec::Id::MPEG4;
        // Players of the mp4 family look for `hvc1`, those of AVI for `XVID`; libav's own choice is another.
        let tag = match (hevc_in_mp4, mpeg4_in_avi) {
            (true, _) => u32::from_le_bytes(*b"hvc1"),
            (_, true) => u32::from_le_bytes(*b"XVID"),
            _ => 0,
        };
        sys::shape_output_stream(
            &mut self.context,
            index,
            encoder.time_base(),
            frame_rate,
            tag,
        );
        if let Some(mastering) = encoder.mastering() {
            sys::describe_display(&mut self.context, index, &mastering)
                .map_err(|error| self.failed(error))?;
        }
        self.added()
    }

    /// Adds a stream whose packets are the source's, as they come out of `rewriter` if there is one; gives its number.
    pub(crate) fn add_copied(
        &mut self,
        source: &ffmpeg::Stream,
        facts: &RawStream,
        rewriter: Option<&Rewriter>,
    ) -> Result<usize, OpsError> {
        if !sys::container_takes(&self.context, facts.codec_id) {
            return Err(OpsError::CannotCopy {
                codec: facts.codec_label(),
                container: self.container.suffix(),
            });
        }
        if let Some(missing) = facts.not_described() {
            return Err(OpsError::NotDescribed {
                stream: facts.index,
                codec: facts.codec_label(),
                missing,
            });
        }
        let index = self.streams.len();
        let added = self.context.add_stream(None::<ffmpeg::Codec>).map(|_| ());
        added.map_err(|error| self.failed(error))?;
        sys::copy_stream(
            &mut self.context,
            index,
            source,
            facts.display_matrix.as_ref(),
            facts.mastering,
        )
        .map_err(|error| self.failed(error))?;
        if let Some(rewriter) = rewriter {
            rewriter
                .describe(&mut self.context, index)
                .map_err(|error| self.failed(error))?;
        }
        // Players of the mp4 family look for `hvc1`; libav's own choice is `hev1`.
        let tag = match self.container.is_mp4_like() && facts.codec_name == "hevc" {
            true => u32::from_le_bytes(*b"hvc1"),
            false => 0,
        };
        sys::shape_output_stream(
            &mut self.context,
            index,
            facts.time_base,
            facts.avg_frame_rate,
            tag,
        );
        self.added()
    }

    /// Streams of text to be put behind the others.
    pub(crate) fn set_subtitles(&mut self, tracks: Vec<TextTrack>) {
        self.subtitles = tracks;
    }

    /// Adds a stream of text; players show the first one unless told otherwise.
    fn add_text(&mut self, track: &TextTrack, is_first: bool) -> Result<(), OpsError> {
        let index = self.streams.len();
        let added = self.context.add_stream(None::<ffmpeg::Codec>);
        let added = added.map(|mut stream| stream.set_parameters(track.parameters.clone()));
        added.map_err(|error| self.failed(error))?;
        // The mp4 muxer compares the clock of a text with those of the others as if all were one, and ends a text when it
        // falls behind: this one ticks faster than any of them.
        sys::shape_output_stream(&mut self.context, index, MICROS, (0, 1), 0);
        sys::set_default(&mut self.context, index, is_first);
        let mut metadata = ffmpeg::Dictionary::new();
        for (key, value) in [
            ("language", &track.language),
            ("title", &track.title),
            // What players show of tracks in mp4.
            ("handler_name", &track.title),
        ] {
            // The wrapper makes C strings of these and would panic on a NUL.
            if let Some(value) = value.as_ref().filter(|value| !value.contains('\0')) {
                metadata.set(key, value);
            }
        }
        if let Some(mut stream) = self.context.stream_mut(index) {
            stream.set_metadata(metadata);
        }
        self.streams.push(Track {
            time_base: (1, 1),
            last_dts: None,
            end: 0.0,
            packets: 0,
        });
        Ok(())
    }

    /// A stream that was planned turned out to hold nothing.
    pub(crate) fn give_up_stream(&mut self) -> Result<(), OpsError> {
        self.expected = self.expected.saturating_sub(1);
        self.start_when_complete()
    }

    fn added(&mut self) -> Result<usize, OpsError> {
        self.streams.push(Track {
            time_base: (1, 1),
            last_dts: None,
            end: 0.0,
            packets: 0,
        });
        let index = self.streams.len() - 1;
        self.start_when_complete()?;
        Ok(index)
    }

    fn start_when_complete(&mut self) -> Result<(), OpsError> {
        if self.started || self.streams.is_empty() || self.streams.len() < self.expected {
            return Ok(());
        }
        let texts = std::mem::take(&mut self.subtitles);
        for (at, track) in texts.iter().enumerate() {
            self.add_text(track, at == 0)?;
        }
        self.subtitles = texts;
        let mut metadata = ffmpeg::Dictionary::new();
        for (key, value) in &self.extras.metadata {
            // The wrapper makes C strings of these and would panic on a NUL.
            if !key.contains('\0') && !value.contains('\0') {
                metadata.set(key, value);
            }
        }
        self.context.set_metadata(metadata);
        for chapter in &self.extras.chapters {
            let title = chapter.title.replace('\0', "");
            self.context
                .add_chapter(
                    chapter.id,
                    chapter.time_base,
                    chapter.start,
                    chapter.end,
                    title,
                )
                .map_err(|error| OpsError::Write {
                    path: self.path.clone(),
                    reason: AvError(error),
                })?;
        }
        let mut options = ffmpeg::Dictionary::new();
        if self.extras.faststart && self.container.is_mp4_like() {
            options.set("movflags", "+faststart");
        }
        if self.container == Container::Ts {
            // In microseconds; that of the ffmpeg program. So long may frames of sound wait for others to share a packet:
            // without it a stream of sound is twice as large.
            options.set("max_delay", "700000");
        }
        for (name, value) in self.segmenter.iter().flat_map(Segmenter::options) {
            options.set(name, value);
        }
        self.context
            .write_header_with(options)
            .map_err(|error| OpsError::Mux {
                container: self.container.suffix(),
                reason: AvError(error),
            })?;
        self.started = true;
        for (index, track) in self.streams.iter_mut().enumerate() {
            track.time_base = sys::output_time_base(&self.context, index);
        }
        if let Some(segmenter) = &mut self.segmenter {
            segmenter.start(&mut self.context);
        }
        for (index, packet, base) in std::mem::take(&mut self.waiting) {
            self.write_as_is(index, packet, base)?;
        }
        Ok(())
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

/// libav's muxer for a container.
fn muxer_name(container: Container, has_video: bool) -> &'static str {
    match container {
        Container::Mp4 => "mp4",
        Container::Mov => "mov",
        // `m4a` means "MPEG-4 container" (`wire.md` 6.1); the brand says audio only where that is true.
        Container::M4a if has_video => "mp4",
        Container::M4a => "ipod",
        Container::Flv => "flv",
        Container::F4v => "f4v",
        Container::Mkv => "matroska",
        Container::Webm => "webm",
        Container::Avi => "avi",
        // A program stream as MPEG-2 has it, which holds MPEG-1 as well.
        Container::Mpg => "vob",
        Container::ThreeGp => "3gp",
        Container::Ogg => "ogg",
        Container::Gif => "gif",
        Container::Ts => "mpegts",
        Container::Mp3 => "mp3",
        Container::Aac => "adts",
        Container::Opus => "opus",
        Container::Flac => "flac",
        Container::Wav => "wav",
        // What a segment is depends on more; see `segments`.
        Container::M3u8 => "mpegts",
        Container::Mpd => "mp4",
    }
}

/// Metadata worth carrying: what the muxer writes itself and where a picture was taken stay behind.
pub(crate) fn carried(metadata: &[(String, String)]) -> Vec<(String, String)> {
    let unwanted = |key: &str| {
        let key = key.to_ascii_lowercase();
        matches!(
            key.as_str(),
            "encoder"
                | "duration"
                | "major_brand"
                | "minor_version"
                | "compatible_brands"
                | "creation_time"
        ) || key.contains("location")
            || key.contains("gps")
    };
    let unique: HashMap<_, _> = metadata.iter().map(|(key, value)| (key, value)).collect();
    let mut carried: Vec<_> = unique
        .into_iter()
        .filter(|(key, _)| !unwanted(key))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    carried.sort();
    carried
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_never_travels_along() {
        let metadata = [
            ("title", "Trip"),
            ("location-eng", "+48.1+011.5/"),
            ("com.apple.quicktime.location.ISO6709", "x"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(
            carried(&metadata),
            [("title".to_owned(), "Trip".to_owned())]
        );
    }
}
