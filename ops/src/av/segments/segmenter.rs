//! Cuts what a muxer writes into files. Used by `mux`, on the thread of its output.

use std::path::{Path, PathBuf};

use ffmpeg_next as ffmpeg;
use ffmpeg_next::format::context::{Output, StreamIo};

use super::files::Files;
use super::queue::{Queue, Waiting};
use super::{
    AudioFacts, Boundaries, Rendition, Segment, SegmentNames, SegmentPlan, VideoFacts, codecs, init,
};
use crate::OpsError;
use crate::av::sys::segments::{self as raw, OutputStream};
use crate::av::sys::{self, Medium};
use crate::av::{AvError, MICROS, rescale};
use crate::op::SegmentFormat;

/// Bytes of a fragment of MP4 the muxer may collect: a long segment is written in several.
const FRAGMENT: usize = 8 << 20;
/// How far behind a boundary sound is when there is certainly no picture to begin a segment with, in microseconds.
const ALONE: i64 = 1_000_000;
/// Bytes of a picture among which its headers are.
const SAMPLE: usize = 64 << 10;
/// The type a fragment of MP4 names at its beginning.
const SEGMENT_TYPE: &[u8; 24] = b"\0\0\0\x18stypmsdh\0\0\0\0msdhmsix";

/// Options of the transport stream muxer. Players look for its tables where a segment begins; ten times a second, as in
/// broadcasts, they take 30 kbit/s. In seconds.
const TS_OPTIONS: [(&str, &str); 2] = [("pat_period", "1"), ("sdt_period", "10")];

/// Options of the MP4 muxer. A fragment ends when we say so; the header waits for the first packets, which some codecs
/// describe themselves in; and fragments say how late a stream begins.
const MP4_OPTIONS: [(&str, &str); 2] = [
    (
        "movflags",
        "+frag_custom+delay_moov+frag_discont+default_base_moof+skip_trailer",
    ),
    ("avoid_negative_ts", "disabled"),
];

/// An output that is being cut.
pub(crate) struct Segmenter {
    plan: SegmentPlan,
    files: Files,
    /// Where segments go.
    folder: PathBuf,
    names: SegmentNames,
    boundaries: Boundaries,
    tracks: Vec<Track>,
    queue: Queue,
    /// The stream whose key pictures begin segments.
    leader: usize,
    /// Added to every timestamp, in microseconds: nothing comes before 0.
    shift: Option<i64>,
    init: Init,
    current: Option<Current>,
    /// No more packets come.
    ending: bool,
    made: Vec<Segment>,
    /// The first key picture, to tell the codec by.
    sample: Vec<u8>,
}

/// The file that players read before any segment.
enum Init {
    None,
    Awaited(PathBuf),
    Written(PathBuf),
}

struct Track {
    facts: OutputStream,
    base: (i32, i32),
    /// A packet of use has come.
    begun: bool,
    /// Where what was written of it begins and ends, in ticks of the leader.
    start: Option<i64>,
    end: Option<i64>,
}

/// The segment that is being written.
struct Current {
    path: PathBuf,
    /// In ticks of the leader; of the first segment it is where its earliest packet is.
    start: Option<i64>,
    /// The file is there.
    open: bool,
    /// Bytes the muxer collects.
    collected: usize,
}

impl Segmenter {
    /// A muxer whose files are called after `stem`, and the one who cuts what it writes.
    pub(crate) fn create(stem: &Path, plan: &SegmentPlan) -> Result<(Output, Self), OpsError> {
        let files = Files::new(plan.budget.clone());
        let muxer = match plan.format {
            SegmentFormat::Ts => "mpegts",
            SegmentFormat::Mp4 | SegmentFormat::M4s => "mp4",
        };
        let context = StreamIo::from_write(files.clone())
            .and_then(|io| ffmpeg::format::output_to_stream(io, None, Some(muxer)))
            .map_err(|error| OpsError::Mux {
                container: muxer,
                reason: AvError(error),
            })?;
        let init = match plan.format {
            SegmentFormat::Ts => Init::None,
            SegmentFormat::Mp4 | SegmentFormat::M4s => {
                let path = named(stem, "_init.mp4");
                files.begin(&path, None)?;
                Init::Awaited(path)
            }
        };
        let segmenter = Self {
            plan: plan.clone(),
            files,
            folder: stem.parent().map(Path::to_owned).unwrap_or_default(),
            names: SegmentNames::of(
                &stem.file_name().unwrap_or_default().to_string_lossy(),
                plan,
            ),
            boundaries: Boundaries::new(plan.schedule),
            tracks: Vec::new(),
            queue: Queue::new([]),
            leader: 0,
            shift: None,
            init,
            current: None,
            ending: false,
            made: Vec::new(),
            sample: Vec::new(),
        };
        Ok((context, segmenter))
    }

    /// Options the muxer's header is written with.
    pub(crate) fn options(&self) -> &'static [(&'static str, &'static str)] {
        match self.plan.format {
            SegmentFormat::Ts => &TS_OPTIONS,
            SegmentFormat::Mp4 | SegmentFormat::M4s => &MP4_OPTIONS,
        }
    }

    /// To be called when the header is written.
    pub(crate) fn start(&mut self, context: &mut Output) {
        raw::adapt_packets(context);
        let streams = 0..context.nb_streams() as usize;
        self.tracks = streams
            .filter_map(|index| {
                Some(Track {
                    facts: raw::output_stream(context, index)?,
                    base: sys::output_time_base(context, index),
                    begun: false,
                    start: None,
                    end: None,
                })
            })
            .collect();
        self.queue = Queue::new(self.tracks.iter().map(|track| track.base));
        let is_video = |track: &Track| track.facts.medium == Medium::Video;
        self.leader = self.tracks.iter().position(is_video).unwrap_or(0);
    }

    /// Takes a packet with timestamps of the output. `moment` is when it is shown, in microseconds, as its encoder
    /// counted: the muxer's clock may round to the other side of a boundary.
    pub(crate) fn packet(
        &mut self,
        context: &mut Output,
        stream: usize,
        packet: ffmpeg::Packet,
        moment: i64,
    ) -> Result<(), OpsError> {
        let Some(track) = self.tracks.get_mut(stream) else {
            return Ok(());
        };
        let is_video = track.facts.medium == Medium::Video;
        let end = packet.pts().unwrap_or(0) + packet.duration();
        // No player can show what depends on pictures that are not there, and encoders put silence before sound.
        let of_use = match is_video {
            true => track.begun || packet.is_key(),
            false => end > 0,
        };
        if !of_use {
            return Ok(());
        }
        if is_video && !track.begun {
            let header = packet.data().unwrap_or_default();
            self.sample = header[..header.len().min(SAMPLE)].to_vec();
        }
        track.begun = true;
        self.queue.push(Waiting {
            stream,
            packet,
            moment,
        });
        while let Some(waiting) = self.queue.pop() {
            self.place(context, waiting)?;
        }
        Ok(())
    }

    /// No more packets: closes the last file.
    pub(crate) fn finish(mut self, context: &mut Output) -> Result<Rendition, OpsError> {
        self.ending = true;
        while let Some(waiting) = self.queue.pop_any() {
            self.place(context, waiting)?;
        }
        let end = self.tracks.iter().filter_map(|track| track.end).max();
        self.close(context, end.unwrap_or(0), true)?;
        describe(self)
    }

    /// Why writing failed, where libav gives but a number.
    pub(crate) fn fault(&self) -> Option<OpsError> {
        self.files.fault()
    }

    /// Writes a packet into the segment it belongs to.
    fn place(&mut self, context: &mut Output, waiting: Waiting) -> Result<(), OpsError> {
        let shift = self.shift(&waiting);
        let Waiting {
            stream,
            mut packet,
            moment,
        } = waiting;
        let (base, leader_base) = (self.tracks[stream].base, self.tracks[self.leader].base);
        let ticks = rescale(shift, MICROS, base);
        packet.set_pts(packet.pts().map(|pts| pts + ticks));
        packet.set_dts(packet.dts().map(|dts| dts + ticks));
        let start = packet.pts().unwrap_or(0);
        let end = rescale(start + packet.duration(), base, leader_base);
        let start = rescale(start, base, leader_base);
        if self.may_begin(stream, &packet, moment) && self.boundaries.cut(moment) {
            self.close(context, start, false)?;
        }
        let current = match &mut self.current {
            Some(current) => current,
            none => none.insert(Current {
                path: self.folder.join(self.names.name(self.made.len() + 1)),
                start: self.made.last().map(|last| last.start + last.length),
                open: false,
                collected: 0,
            }),
        };
        current.collected += packet.size();
        let is_full = current.collected >= FRAGMENT;
        if matches!(self.init, Init::None) && !current.open {
            begin(&self.files, &self.plan, current, self.made.len())?;
        }
        packet.write(context).map_err(|error| self.failed(error))?;
        let track = &mut self.tracks[stream];
        track.start = Some(track.start.map_or(start, |first| first.min(start)));
        track.end = Some(track.end.map_or(end, |last| last.max(end)));
        // A header must have seen a packet of every stream.
        if is_full && self.tracks.iter().all(|track| track.end.is_some()) {
            self.flush(context)?;
        }
        Ok(())
    }

    /// What is added to every timestamp, decided on the first packets of all streams.
    fn shift(&mut self, first: &Waiting) -> i64 {
        if let Some(shift) = self.shift {
            return shift;
        }
        // Transport streams know no time before 0 at all, fragments count from when the first picture is shown.
        let of_decoding = matches!(self.init, Init::None);
        let micros = |waiting: &Waiting| {
            let Waiting { packet, stream, .. } = waiting;
            let at = packet.dts().filter(|_| of_decoding).or(packet.pts());
            rescale(at.unwrap_or(0), self.tracks[*stream].base, MICROS)
        };
        let earliest = self.queue.heads().map(micros).min();
        let shift = earliest.map_or(0, |at| -at).max(-micros(first)).max(0);
        *self.shift.insert(shift)
    }

    /// True if a segment may begin with this packet: with a key picture, or with sound where there are no pictures.
    fn may_begin(&self, stream: usize, packet: &ffmpeg::Packet, moment: i64) -> bool {
        let leader = &self.tracks[self.leader];
        if stream == self.leader {
            return packet.is_key();
        }
        let shown_until = leader.end.map_or(i64::MIN, |end| {
            rescale(end, leader.base, MICROS) - self.shift.unwrap_or(0)
        });
        let is_over = self.ending && self.queue.is_empty(self.leader);
        let late = if is_over { 0 } else { ALONE };
        let boundary = self.boundaries.next();
        shown_until <= boundary && moment >= boundary.saturating_add(late)
    }

    /// Ends the current segment at this tick of the leader, if there is one. Nothing may be written behind the last.
    fn close(&mut self, context: &mut Output, end: i64, is_last: bool) -> Result<(), OpsError> {
        if self.current.is_none() {
            return Ok(());
        }
        self.flush(context)?;
        if is_last {
            context
                .write_trailer()
                .map_err(|error| self.failed(error))?;
            sys::flush_output(context).map_err(|error| self.failed(error))?;
        } else if matches!(self.init, Init::None) {
            raw::repeat_tables(context).map_err(|error| self.failed(error))?;
        }
        let bytes = self.files.end()?;
        let first = self.tracks.iter().filter_map(|track| track.start).min();
        if let Some(Current { path, start, .. }) = self.current.take() {
            let start = start.or(first).unwrap_or(0);
            self.made.push(Segment {
                path,
                start,
                length: (end - start).max(0),
                bytes,
            });
        }
        Ok(())
    }

    /// Has the muxer write all it holds: into the file before all segments when that is not yet written, then into that
    /// of the current segment.
    fn flush(&mut self, context: &mut Output) -> Result<(), OpsError> {
        if let Init::Awaited(path) = &mut self.init {
            let path = std::mem::take(path);
            self.write_out(context)?;
            self.files.end()?;
            edit(&path).map_err(|error| OpsError::write_file(&path, &error))?;
            self.init = Init::Written(path);
        }
        if let Some(current) = &mut self.current {
            current.collected = 0;
            if !current.open {
                begin(&self.files, &self.plan, current, self.made.len())?;
                self.files.put(SEGMENT_TYPE)?;
            }
        }
        self.write_out(context)
    }

    fn write_out(&mut self, context: &mut Output) -> Result<(), OpsError> {
        raw::flush_muxer(context)
            .and_then(|()| sys::flush_output(context))
            .map_err(|error| self.failed(error))
    }

    fn failed(&self, error: ffmpeg::Error) -> OpsError {
        self.fault().unwrap_or(OpsError::Mux {
            container: self.plan.format.suffix(),
            reason: AvError(error),
        })
    }
}

/// Makes of the muxer's header what players understand.
fn edit(path: &Path) -> std::io::Result<()> {
    let mut header = std::fs::read(path)?;
    init::without_pauses(&mut header);
    std::fs::write(path, header)
}

/// Creates the file of a segment.
fn begin(
    files: &Files,
    plan: &SegmentPlan,
    current: &mut Current,
    sequence: usize,
) -> Result<(), OpsError> {
    let cipher = plan.lock.map(|lock| lock.cipher(sequence as u64));
    files.begin(&current.path, cipher)?;
    current.open = true;
    Ok(())
}

fn named(stem: &Path, ending: &str) -> PathBuf {
    let mut name = stem.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// What a list of the segments is to say.
fn describe(segmenter: Segmenter) -> Result<Rendition, OpsError> {
    let init = match segmenter.init {
        Init::Written(path) => Some(path),
        Init::None | Init::Awaited(_) => None,
    };
    let header = match &init {
        Some(path) => std::fs::read(path).map_err(|error| OpsError::write_file(path, &error))?,
        None => Vec::new(),
    };
    let base = segmenter.tracks.get(segmenter.leader).map(|t| t.base);
    let mut rendition = Rendition {
        init,
        segments: segmenter.made,
        names: segmenter.names,
        base: base.unwrap_or(MICROS),
        shift: rescale(segmenter.shift.unwrap_or(0), MICROS, base.unwrap_or(MICROS)),
        video: None,
        audio: None,
    };
    for Track { facts, .. } in segmenter.tracks {
        match facts.medium {
            Medium::Video => {
                let codec = codecs::video(&facts, &header, &segmenter.sample);
                rendition.video.get_or_insert(VideoFacts {
                    codec,
                    width: facts.width,
                    height: facts.height,
                    sar: facts.sar,
                    frame_rate: facts.frame_rate,
                });
            }
            Medium::Audio => {
                rendition.audio.get_or_insert(AudioFacts {
                    codec: codecs::audio(facts.codec_id, facts.profile),
                    sample_rate: facts.sample_rate,
                    channels: facts.channels,
                });
            }
            Medium::Subtitle | Medium::Other => {}
        }
    }
    Ok(rendition)
}
