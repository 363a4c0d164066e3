//! One pass over a source for any number of outputs: demux and decode here, each output on its own thread.
//!
//! Every stream is decoded once, whatever the number of outputs; frames are shared by reference count. The slowest output
//! paces the others, and one that fails leaves the rest alone.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::mpsc::{self, SyncSender};
use std::thread::ScopedJoinHandle;

use ffmpeg_next as ffmpeg;

use super::branch::{Branch, Feed, Product};
use super::decode::Decoder;
use super::open::Input;
use super::timeline::Timeline;
use super::{AvError, MICROS, rescale, sys};
use crate::OpsError;
use crate::plan::{OutputPlan, Window};
use crate::run::{Environment, Phase};

/// Frames and packets that may wait for one output. Few, so that a frame is still in the cache when it is encoded; a 1080p
/// frame is 3 MB.
const QUEUE: usize = 4;
/// Packets in a row that may be unreadable before the rest of the file is given up.
const UNREADABLE: usize = 1000;

/// One output wanted from the pass.
pub(crate) struct Wanted {
    /// The command's index, for progress.
    pub(crate) index: usize,
    pub(crate) plan: OutputPlan,
    pub(crate) path: PathBuf,
}

/// Runs the pass and gives the outcome of every output, in the order of `wanted`.
pub(crate) fn transcode(
    input: &mut Input,
    window: Window,
    wanted: &[Wanted],
    env: &Environment<'_>,
) -> Vec<Result<Product, OpsError>> {
    std::thread::scope(|scope| {
        let mut outputs = Vec::with_capacity(wanted.len());
        for want in wanted {
            let branch = Branch::open(
                &want.plan,
                &want.path,
                input,
                env.threads,
                env.limits,
                env.cancel,
            );
            outputs.push(match branch {
                Ok(branch) => {
                    let (sender, receiver) = mpsc::sync_channel(QUEUE);
                    let thread = std::thread::Builder::new()
                        .name(format!("output-{}", want.index))
                        .spawn_scoped(scope, move || branch.run(receiver));
                    match thread {
                        Ok(thread) => Output {
                            sender: Some(sender),
                            outcome: Outcome::Working(thread),
                        },
                        Err(_) => Output {
                            sender: None,
                            outcome: Outcome::Refused(OpsError::Panicked),
                        },
                    }
                }
                Err(error) => Output {
                    sender: None,
                    outcome: Outcome::Refused(error),
                },
            });
        }
        let mut pass = Pass::new(input, window, wanted, env);
        let read = pass.read(input, &mut outputs);
        if read.is_ok() {
            for want in wanted {
                env.report(
                    want.index,
                    Phase::Finalising,
                    pass.timeline.reached(),
                    pass.total,
                );
            }
        }
        let failures = pass.failures();
        outputs
            .into_iter()
            .zip(wanted)
            .map(|(output, want)| {
                let product = output.finish();
                match (&read, product) {
                    (_, Err(error)) if !matches!(error, OpsError::NothingDecoded) => Err(error),
                    (Err(error), _) => Err(error.clone()),
                    (Ok(()), product) => {
                        match want.plan.streams().find_map(|stream| failures.get(&stream)) {
                            Some(error) => Err(error.clone()),
                            None => product,
                        }
                    }
                }
            })
            .collect()
    })
}

/// The sending end of an output and what it is doing.
struct Output<'scope> {
    sender: Option<SyncSender<Feed>>,
    outcome: Outcome<'scope>,
}

enum Outcome<'scope> {
    Working(ScopedJoinHandle<'scope, Result<Product, OpsError>>),
    Refused(OpsError),
}

impl Output<'_> {
    /// Sends, or drops the sender when the output has given up.
    fn send(&mut self, feed: Feed) {
        if self
            .sender
            .as_ref()
            .is_some_and(|sender| sender.send(feed).is_err())
        {
            self.sender = None;
        }
    }

    /// Tells the output that nothing more comes and waits for it.
    fn finish(mut self) -> Result<Product, OpsError> {
        drop(self.sender.take());
        match self.outcome {
            Outcome::Working(thread) => thread.join().unwrap_or(Err(OpsError::Panicked)),
            Outcome::Refused(error) => Err(error),
        }
    }
}

impl OutputPlan {
    /// Source streams the output is made from.
    fn streams(&self) -> impl Iterator<Item = usize> {
        let video = self.video.as_ref().map(|video| video.stream);
        video
            .into_iter()
            .chain(self.audio.as_ref().map(|audio| audio.stream))
    }
}

/// The reading side of a pass.
struct Pass<'a> {
    env: &'a Environment<'a>,
    wanted: &'a [Wanted],
    timeline: Timeline,
    window: Window,
    total: Option<f64>,
    tracks: BTreeMap<usize, Track>,
    reported: f64,
}

/// A source stream and the outputs that want it.
struct Track {
    base: (i32, i32),
    is_video: bool,
    decoder: Option<Decoder>,
    opening_failed: Option<OpsError>,
    decoded_by: Vec<usize>,
    copied_by: Vec<usize>,
    /// Where a frame without a timestamp belongs.
    next: i64,
    past_end: bool,
}

impl<'a> Pass<'a> {
    fn new(input: &Input, window: Window, wanted: &'a [Wanted], env: &'a Environment<'a>) -> Self {
        let format = &input.probe.format;
        let timeline = Timeline::new(
            format.start,
            window.start as i64 * 1000,
            format.discontinuous,
        );
        let mut tracks = BTreeMap::<usize, Track>::new();
        for (output, want) in wanted.iter().enumerate() {
            let video = want
                .plan
                .video
                .as_ref()
                .map(|v| (v.stream, v.encode.is_some(), true));
            let audio = want
                .plan
                .audio
                .as_ref()
                .map(|a| (a.stream, a.encode.is_some(), false));
            for (stream, decoded, is_video) in video.into_iter().chain(audio) {
                let track = tracks.entry(stream).or_insert_with(|| Track {
                    base: input.probe.streams[stream].time_base,
                    is_video,
                    decoder: None,
                    opening_failed: None,
                    decoded_by: Vec::new(),
                    copied_by: Vec::new(),
                    next: 0,
                    past_end: false,
                });
                if decoded {
                    &mut track.decoded_by
                } else {
                    &mut track.copied_by
                }
                .push(output);
            }
        }
        for (&index, track) in &mut tracks {
            if track.decoded_by.is_empty() {
                continue;
            }
            // Decoding is the smaller part of the work, and the encoders run beside it.
            let threads = if track.is_video {
                (env.threads / 2).max(1)
            } else {
                1
            };
            let opened = match input.context.stream(index) {
                Some(stream) => {
                    Decoder::open(&stream, &input.probe.streams[index], threads, env.limits)
                }
                None => Err(OpsError::NoStream { kind: "planned" }),
            };
            match opened {
                Ok(decoder) => track.decoder = Some(decoder),
                Err(error) => track.opening_failed = Some(error),
            }
        }
        let left = input
            .probe
            .duration_seconds()
            .map(|all| (all - window.start as f64 / 1000.0).max(0.0));
        let length = window.length.map(|ms| ms as f64 / 1000.0);
        let total = match (left, length) {
            (Some(left), Some(length)) => Some(left.min(length)),
            (left, length) => left.or(length),
        };
        Self {
            env,
            wanted,
            timeline,
            window,
            total,
            tracks,
            reported: 0.0,
        }
    }

    /// Reads the window to its end and feeds the outputs.
    fn read(&mut self, input: &mut Input, outputs: &mut [Output<'_>]) -> Result<(), OpsError> {
        if self
            .tracks
            .values()
            .all(|track| track.opening_failed.is_some())
        {
            return Ok(());
        }
        for index in 0..input.probe.streams.len() {
            sys::set_wanted(&mut input.context, index, self.tracks.contains_key(&index));
        }
        if self.window.start > 0 {
            let target = input.probe.format.start.unwrap_or(0) + self.window.start as i64 * 1000;
            // A format that cannot seek is read from its start, and what lies before the window is left out.
            if input.context.seek(target, ..target).is_err() {
                tracing::debug!(target, "source cannot seek; reading up to the cut");
            }
        }
        let mut unreadable = 0;
        while outputs.iter().any(|output| output.sender.is_some()) {
            if self.env.cancel.is_cancelled() {
                return Err(OpsError::Cancelled);
            }
            let mut packet = ffmpeg::Packet::empty();
            match packet.read(&mut input.context) {
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
            if self.packet(packet, outputs)? {
                break;
            }
        }
        self.drain(outputs)
    }

    /// One packet to every output that wants it. True once the window is behind every stream.
    fn packet(
        &mut self,
        mut packet: ffmpeg::Packet,
        outputs: &mut [Output<'_>],
    ) -> Result<bool, OpsError> {
        let Some(track) = self.tracks.get_mut(&packet.stream()) else {
            return Ok(false);
        };
        let base = track.base;
        self.timeline.observe(packet.dts().or(packet.pts()), base);
        if self.timeline.reached() > self.env.limits.seconds as f64 {
            return Err(OpsError::TooLong {
                limit: self.env.limits.seconds,
            });
        }
        let place = |value: Option<i64>| value.map(|value| self.timeline.place(value, base));
        let (pts, dts) = (place(packet.pts()), place(packet.dts()));
        packet.set_pts(pts);
        packet.set_dts(dts);
        if let (Some(length), Some(at)) = (self.window.length, dts.or(pts)) {
            track.past_end |= rescale(at, base, MICROS) >= length as i64 * 1000;
        }
        if !track.copied_by.is_empty() {
            if sys::is_encrypted(&packet) {
                return Err(OpsError::Encrypted {
                    stream: packet.stream(),
                });
            }
            for &output in &track.copied_by {
                if outputs[output].sender.is_some() {
                    let shared = sys::share_packet(&packet).map_err(|error| OpsError::Memory {
                        reason: AvError(error),
                    })?;
                    outputs[output].send(if track.is_video {
                        Feed::VideoPacket(shared)
                    } else {
                        Feed::AudioPacket(shared)
                    });
                }
            }
        }
        if let Some(decoder) = &mut track.decoder {
            let kind = (track.is_video, track.base);
            let (next, wanted_by) = (&mut track.next, &track.decoded_by);
            decoder.packet(&packet, &mut |frame| {
                fan_out(frame, kind, next, wanted_by, outputs)
            })?;
        }
        self.progress();
        Ok(self.window.length.is_some() && self.tracks.values().all(|track| track.past_end))
    }

    fn drain(&mut self, outputs: &mut [Output<'_>]) -> Result<(), OpsError> {
        for track in self.tracks.values_mut() {
            if let Some(decoder) = &mut track.decoder {
                let kind = (track.is_video, track.base);
                let (next, wanted_by) = (&mut track.next, &track.decoded_by);
                decoder.finish(&mut |frame| fan_out(frame, kind, next, wanted_by, outputs))?;
            }
        }
        Ok(())
    }

    fn progress(&mut self) {
        let reached = self.timeline.reached();
        if reached - self.reported < 0.1 {
            return;
        }
        self.reported = reached;
        for want in self.wanted {
            self.env
                .report(want.index, Phase::Running, reached, self.total);
        }
    }

    /// Streams out of which no frame came although packets went in.
    fn failures(&mut self) -> BTreeMap<usize, OpsError> {
        self.tracks
            .iter_mut()
            .filter_map(|(&index, track)| {
                let failure = track.opening_failed.take();
                Some((
                    index,
                    failure.or_else(|| track.decoder.as_ref()?.failure())?,
                ))
            })
            .collect()
    }
}

/// How long a frame lasts. Samples are counted: their packet's duration is wrong where a codec saves bits for later (WMA).
fn length(frame: &ffmpeg::Frame, is_video: bool, base: (i32, i32)) -> i64 {
    if is_video {
        return sys::frame_duration(frame).max(0);
    }
    let shape = sys::sample_shape(frame);
    rescale(shape.samples.max(0).into(), (1, shape.rate.max(1)), base)
}

/// Gives a decoded frame to every output that wants it; the last one gets the frame itself.
fn fan_out(
    mut frame: ffmpeg::Frame,
    (is_video, base): (bool, (i32, i32)),
    next: &mut i64,
    wanted_by: &[usize],
    outputs: &mut [Output<'_>],
) -> Result<(), OpsError> {
    let at = sys::best_timestamp(&frame).unwrap_or(*next);
    *next = at + length(&frame, is_video, base);
    frame.set_pts(Some(at));
    let feed = |frame| {
        if is_video {
            Feed::Picture(frame)
        } else {
            Feed::Samples(frame)
        }
    };
    let mut alive = wanted_by
        .iter()
        .copied()
        .filter(|&output| outputs[output].sender.is_some())
        .peekable();
    let mut frames = Vec::new();
    while let Some(output) = alive.next() {
        if alive.peek().is_some() {
            frames.push((
                output,
                sys::share(&frame).map_err(|error| OpsError::Memory {
                    reason: AvError(error),
                })?,
            ));
        } else {
            frames.push((output, frame));
            break;
        }
    }
    for (output, frame) in frames {
        outputs[output].send(feed(frame));
    }
    Ok(())
}
