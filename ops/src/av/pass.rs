//! The reading side of a pass: demuxes and decodes part after part and gives every output the frames and packets it wants.

use std::collections::{BTreeMap, VecDeque};

use ffmpeg_next as ffmpeg;

use super::decode::Decoder;
use super::enter::{Stretch, enter};
use super::joint::Joint;
use super::open::{Input, Source};
use super::outlets::Outlets;
use super::sys::Medium;
use super::timeline::Timeline;
use super::transcode::Wanted;
use super::{AvError, MICROS, rescale, sys};
use crate::OpsError;
use crate::plan::{OutputPlan, Part, Reading};
use crate::run::{Environment, Phase};

/// Packets in a row that may be unreadable before the rest of the file is given up.
const UNREADABLE: usize = 1000;
/// How far behind a window one stream may be read while another has not come to its end, in microseconds: streams are
/// stored side by side, so one that is silent for so long has nothing more for the window.
const APART: i64 = 60_000_000;

/// A pass at work.
pub(crate) struct Pass<'a> {
    env: &'a Environment<'a>,
    reading: &'a Reading,
    wanted: &'a [Wanted],
    outlets: Outlets,
    /// Where there is more than one part.
    joint: Option<Joint>,
    timeline: Timeline,
    /// The part that is read: where it begins and how long it is at most, in microseconds of output.
    at: i64,
    limit: Option<i64>,
    total: Option<f64>,
    reported: f64,
    failures: Failures,
}

/// Streams of the reading that gave nothing, and why.
#[derive(Default)]
pub(crate) struct Failures {
    /// Packets went in and no frame came out. Outputs that copy the packets do not mind.
    undecodable: BTreeMap<usize, OpsError>,
    /// The packets are of no use to anybody.
    useless: BTreeMap<usize, OpsError>,
}

impl Failures {
    /// Why nothing can have come of an output.
    pub(crate) fn of(&self, plan: &OutputPlan) -> Option<&OpsError> {
        plan.streams().find_map(|(stream, is_decoded)| {
            let decoding = || self.undecodable.get(&stream).filter(|_| is_decoded);
            self.useless.get(&stream).or_else(decoding)
        })
    }

    fn is_empty(&self) -> bool {
        self.undecodable.is_empty() && self.useless.is_empty()
    }
}

/// The commands that want these outputs, each once: those of one stand together.
fn commands(wanted: &[Wanted]) -> impl Iterator<Item = usize> {
    let same = wanted.chunk_by(|one, next| one.index == next.index);
    same.filter_map(|same| Some(same.first()?.index))
}

/// A stream of the part that is read.
struct Track {
    /// The stream of the reading that it is.
    strand: usize,
    clock: FrameClock,
    decoder: Option<Decoder>,
    opening_failed: Option<OpsError>,
    /// Its packets are of no use to anybody.
    useless: Option<OpsError>,
    /// It has left the window.
    past_end: bool,
}

impl<'a> Pass<'a> {
    /// `durations` are those of the files in seconds, as far as they tell.
    pub(crate) fn new(
        reading: &'a Reading,
        durations: &[Option<f64>],
        wanted: &'a [Wanted],
        outlets: Outlets,
        env: &'a Environment<'a>,
    ) -> Self {
        let joint = || Joint::new(reading, &outlets, env.threads);
        let seconds = |part: &Part| part.window.seconds(durations[part.file]);
        Self {
            joint: reading.is_joined().then(joint),
            env,
            reading,
            wanted,
            outlets,
            timeline: Timeline::new(None, 0, false),
            at: 0,
            limit: None,
            total: reading.parts.iter().map(seconds).sum(),
            reported: 0.0,
            failures: Failures::default(),
        }
    }

    /// Reads all parts to their ends and feeds the outputs, then lets go of them. Gives the streams of the reading that
    /// gave nothing.
    pub(crate) fn read(mut self, files: &mut [&mut Source<'_>]) -> Result<Failures, OpsError> {
        for (number, part) in self.reading.parts.iter().enumerate() {
            if !self.outlets.any_alive() || self.all_failed() {
                break;
            }
            let read = self.part(number, part, files[part.file]);
            read.map_err(|error| part.blamed(number, error))?;
        }
        let reached = self.reached();
        for index in commands(self.wanted) {
            self.env
                .report(index, Phase::Finalising, reached, self.total);
        }
        Ok(self.failures)
    }

    /// True if no output has all its streams any more.
    fn all_failed(&self) -> bool {
        let lost = |want: &Wanted| self.failures.of(&want.plan).is_some();
        self.wanted.iter().all(lost)
    }

    /// Reads one part.
    fn part(
        &mut self,
        number: usize,
        part: &Part,
        source: &mut Source<'_>,
    ) -> Result<(), OpsError> {
        let start = part.window.start as i64 * 1000;
        let input = source.opened()?;
        let mut tracks = self.tracks(part, input);
        let mut reached_end = true;
        let is_of_use = |track: &Track| {
            track.opening_failed.is_none() || self.outlets.wants_packets(track.strand)
        };
        if tracks.values().any(is_of_use) {
            let streams: Vec<usize> = tracks.keys().copied().collect();
            let stretch = Stretch {
                start,
                streams: &streams,
                warm_up: self.warm_up(&tracks, input),
            };
            let (input, looked_at) = enter(source, &stretch, self.env.cancel)?;
            let format = &input.probe.format;
            self.timeline = Timeline::new(format.start, start, format.discontinuous);
            self.limit = part.window.length_micros();
            if let Some(joint) = &mut self.joint {
                joint.begin(self.at, part, &input.probe.streams);
            }
            reached_end = self.packets(input, looked_at, &mut tracks)?;
        }
        for track in tracks.values_mut() {
            if let Some(error) = track.useless.take() {
                let known = self.failures.useless.entry(track.strand);
                known.or_insert_with(|| part.blamed(number, error));
            }
            let failure = track.opening_failed.take();
            let failure = failure.or_else(|| track.decoder.as_ref()?.failure());
            if let Some(error) = failure {
                let known = self.failures.undecodable.entry(track.strand);
                known.or_insert_with(|| part.blamed(number, error));
            }
        }
        if let Some(joint) = &mut self.joint {
            let outlets = &mut self.outlets;
            let length = joint.end(reached_end, &mut |strand, frame| {
                outlets.frame(strand, frame)
            })?;
            if length == 0 && self.failures.is_empty() && outlets.any_alive() {
                return Err(OpsError::NothingDecoded);
            }
            self.at += length;
            (self.timeline, self.limit) = (Timeline::new(None, 0, false), None);
        }
        Ok(())
    }

    /// The streams of a part that somebody wants, by their index in its file.
    fn tracks(&self, part: &Part, input: &Input) -> BTreeMap<usize, Track> {
        let start = part.window.start as i64 * 1000;
        let track = |strand: usize| {
            let index = part.streams[strand]?;
            let facts = &input.probe.streams[index];
            let is_video = facts.medium == Medium::Video;
            let mut track = Track {
                strand,
                clock: FrameClock {
                    base: facts.time_base,
                    is_video,
                    // A file that does not tell times is read from its start.
                    next: rescale(-start, MICROS, facts.time_base),
                },
                decoder: None,
                opening_failed: None,
                useless: None,
                past_end: false,
            };
            if self.outlets.wants_frames(strand) {
                // Decoding is the smaller part of the work, and the encoders run beside it.
                let threads = if is_video {
                    (self.env.threads / 2).max(1)
                } else {
                    1
                };
                let opened = match input.context.stream(index) {
                    Some(stream) => Decoder::open(&stream, facts, threads, self.env.limits),
                    None => Err(OpsError::NoStream { kind: "planned" }),
                };
                match opened {
                    Ok(decoder) => track.decoder = Some(decoder),
                    Err(error) => track.opening_failed = Some(error),
                }
            }
            Some((index, track))
        };
        self.outlets.wanted().filter_map(track).collect()
    }

    /// How long before a part decoding has to begin so that its first samples are right, in microseconds. Sound that is
    /// read beside pictures gets that from the key picture; only of layer 3, which borrows bits from the frames before,
    /// several frames would be missing if the part began just there.
    fn warm_up(&self, tracks: &BTreeMap<usize, Track>, input: &Input) -> i64 {
        const SEVERAL_FRAMES: i64 = 500_000;
        let sound = |(&index, track): (&usize, &Track)| {
            let is_sound = !track.clock.is_video && self.outlets.wants_frames(track.strand);
            is_sound.then(|| input.probe.streams[index].codec_name.as_str())
        };
        let copies = tracks
            .values()
            .any(|t| self.outlets.wants_packets(t.strand));
        let with_pictures = tracks.values().any(|track| track.clock.is_video);
        match tracks.iter().find_map(sound) {
            Some("mp3") if !copies => SEVERAL_FRAMES,
            Some(_) if !copies && !with_pictures => SEVERAL_FRAMES,
            _ => 0,
        }
    }

    /// Reads packets until the part is over, then what the decoders still hold. True if the file ended first.
    fn packets(
        &mut self,
        input: &mut Input,
        mut looked_at: VecDeque<ffmpeg::Packet>,
        tracks: &mut BTreeMap<usize, Track>,
    ) -> Result<bool, OpsError> {
        let mut unreadable = 0;
        while self.outlets.any_alive() {
            if self.env.cancel.is_cancelled() {
                return Err(OpsError::Cancelled);
            }
            let mut packet = ffmpeg::Packet::empty();
            let read = match looked_at.pop_front() {
                Some(again) => {
                    packet = again;
                    Ok(())
                }
                None => packet.read(&mut input.context),
            };
            match read {
                Ok(()) => unreadable = 0,
                Err(ffmpeg::Error::Eof) => break,
                Err(_) if self.env.cancel.is_cancelled() => return Err(OpsError::Cancelled),
                Err(ffmpeg::Error::Other { errno }) if errno == ffmpeg::error::EIO => {
                    return Err(OpsError::ReadStopped {
                        reason: AvError(ffmpeg::Error::Other { errno }),
                    });
                }
                Err(error) => {
                    unreadable += 1;
                    if unreadable >= UNREADABLE {
                        tracing::debug!(%error, "giving up the rest of the source");
                        break;
                    }
                    continue;
                }
            }
            if let Some(track) = tracks.get_mut(&packet.stream()) {
                self.packet(packet, track)?;
                self.progress();
                if self.is_over(tracks) {
                    break;
                }
            }
        }
        let Self { joint, outlets, .. } = self;
        for track in tracks.values_mut() {
            if let Some(decoder) = &mut track.decoder {
                let (strand, clock) = (track.strand, &mut track.clock);
                decoder.finish(&mut |frame| hand_on(strand, clock.timed(frame), joint, outlets))?;
            }
        }
        // Where one stream has left the window the file goes on behind it, even if another stream ended early.
        Ok(!tracks.values().any(|track| track.past_end))
    }

    /// True once the window is behind every stream, or so far behind one that the others must have ended.
    fn is_over(&self, tracks: &BTreeMap<usize, Track>) -> bool {
        let Some(limit) = self.limit else {
            return false;
        };
        let far = self.timeline.reached() > (limit.saturating_add(APART)) as f64 / 1e6;
        tracks.values().all(|track| track.past_end)
            || far && tracks.values().any(|track| track.past_end)
    }

    /// One packet to every output that wants it.
    fn packet(&mut self, mut packet: ffmpeg::Packet, track: &mut Track) -> Result<(), OpsError> {
        let base = track.clock.base;
        self.timeline.observe(packet.dts().or(packet.pts()), base);
        if self.at as f64 / 1e6 + self.timeline.reached() > self.env.limits.seconds as f64 {
            return Err(OpsError::TooLong {
                limit: self.env.limits.seconds,
            });
        }
        let place = |value: Option<i64>| value.map(|value| self.timeline.place(value, base));
        let (pts, dts) = (place(packet.pts()), place(packet.dts()));
        packet.set_pts(pts);
        packet.set_dts(dts);
        let is_past = |at: i64| {
            self.limit
                .is_some_and(|limit| rescale(at, base, MICROS) >= limit)
        };
        track.past_end |= dts.or(pts).is_some_and(is_past);
        if dts.into_iter().chain(pts).min().is_some_and(is_past) {
            // It is neither shown in the window nor needed for anything that is.
            return Ok(());
        }
        let (strand, stream) = (track.strand, packet.stream());
        if sys::is_encrypted(&packet) {
            track.useless = Some(OpsError::Encrypted { stream });
            self.outlets.close(strand);
            return Ok(());
        }
        let Self { joint, outlets, .. } = self;
        if outlets.wants_packets(strand) {
            match joint {
                None => outlets.packet(strand, &packet)?,
                Some(joint) => {
                    if let Some(moved) = joint.packet(strand, &packet)? {
                        outlets.packet(strand, &moved)?;
                    }
                }
            }
        }
        if let Some(decoder) = &mut track.decoder {
            let clock = &mut track.clock;
            decoder.packet(&packet, &mut |frame| {
                hand_on(strand, clock.timed(frame), joint, outlets)
            })?;
        }
        Ok(())
    }

    /// How much of the output is behind the reading side, in seconds.
    fn reached(&self) -> f64 {
        let here = self.timeline.reached();
        let most = self.limit.map_or(here, |limit| limit as f64 / 1e6);
        self.at as f64 / 1e6 + here.min(most)
    }

    fn progress(&mut self) {
        let reached = self.reached();
        if reached - self.reported < 0.1 {
            return;
        }
        self.reported = reached;
        for index in commands(self.wanted) {
            self.env.report(index, Phase::Running, reached, self.total);
        }
    }
}

/// Gives a decoded frame to the outputs, through the joint where there is one.
fn hand_on(
    strand: usize,
    frame: ffmpeg::Frame,
    joint: &mut Option<Joint>,
    outlets: &mut Outlets,
) -> Result<(), OpsError> {
    match joint {
        None => outlets.frame(strand, frame),
        Some(joint) => joint.frame(strand, frame, &mut |strand, frame| {
            outlets.frame(strand, frame)
        }),
    }
}

/// The clock of the frames of one stream.
struct FrameClock {
    base: (i32, i32),
    is_video: bool,
    /// Where a frame without a timestamp belongs.
    next: i64,
}

impl FrameClock {
    /// The frame with its timestamp.
    fn timed(&mut self, mut frame: ffmpeg::Frame) -> ffmpeg::Frame {
        let at = sys::best_timestamp(&frame).unwrap_or(self.next);
        self.next = at + self.length(&frame);
        frame.set_pts(Some(at));
        frame
    }

    /// How long a frame lasts. Samples are counted: their packet's duration is wrong where a codec saves bits for later
    /// (WMA).
    fn length(&self, frame: &ffmpeg::Frame) -> i64 {
        if self.is_video {
            return sys::frame_duration(frame).max(0);
        }
        let shape = sys::sample_shape(frame);
        let samples = shape.samples.max(0).into();
        rescale(samples, (1, shape.rate.max(1)), self.base)
    }
}
