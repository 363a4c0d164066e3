//! One output of a transcode pass, on a thread of its own: filter → encode → mux. Frames and packets reach it through a
//! bounded channel, so a slow encoder holds the decoder back instead of filling memory.

use std::path::Path;
use std::sync::mpsc::Receiver;

use ffmpeg_next as ffmpeg;

use super::clock::Clock;
use super::encode::{AudioSettings, Encoder, VideoSettings};
use super::filter::{AudioFilter, VideoFilter};
use super::hidden::Hidden;
use super::mux::{Extras, Muxer, Written};
use super::overlay::Overlay;
use super::segments::{Boundaries, Schedule};
use super::stamps::Stamps;
use super::sys::{self, Rewriter};
use super::transcode::Origin;
use super::{AvError, MICROS, rescale};
use crate::OpsError;
use crate::cancel::Cancel;
use crate::plan::{OutputPlan, copy};

/// What the demuxing thread sends to a branch. Timestamps are output time in the stream's time base.
pub(crate) enum Feed {
    Picture(ffmpeg::Frame),
    Samples(ffmpeg::Frame),
    VideoPacket(ffmpeg::Packet),
    AudioPacket(ffmpeg::Packet),
}

/// What came of a branch.
#[derive(Debug, Clone)]
pub(crate) struct Product {
    pub(crate) written: Written,
    /// Width and height as stored, when there is video.
    pub(crate) resolution: Option<(u32, u32)>,
}

/// One output at work.
pub(crate) struct Branch {
    muxer: Muxer,
    video: Option<VideoTrack>,
    audio: Option<AudioTrack>,
    resolution: Option<(u32, u32)>,
    trim: Option<super::filter::Trim>,
    cancel: Cancel,
}

struct VideoTrack {
    base: (i32, i32),
    work: VideoWork,
}

enum VideoWork {
    Copy(Box<VideoCopy>),
    Encode(Box<VideoEncode>),
}

/// Packets of pictures on their way: as the container wants them, with all their times.
struct VideoCopy {
    track: usize,
    hidden: Hidden,
    rewriters: Vec<Rewriter>,
    stamps: Stamps,
}

/// Pictures on their way: filter, then encoder; the encoder is opened on the first picture that comes out of the filter.
struct VideoEncode {
    filter: VideoFilter,
    settings: VideoSettings,
    clock: Clock,
    /// The command names the frame rate, so the filter's clock is the right one.
    rate_is_named: bool,
    /// Where key pictures must be.
    keys: Option<Schedule>,
    encoder: Option<(Encoder, usize)>,
    resolution: Option<(u32, u32)>,
}

struct AudioTrack {
    base: (i32, i32),
    work: AudioWork,
}

enum AudioWork {
    Copy { track: usize, hidden: Hidden },
    Encode(Box<AudioEncode>),
}

/// Samples on their way: filter, then encoder.
struct AudioEncode {
    filter: AudioFilter,
    settings: AudioSettings,
    encoder: Option<(Encoder, usize)>,
}

impl Branch {
    /// Creates the output file and everything that can be made before the first frame.
    pub(crate) fn open(
        plan: &OutputPlan,
        path: &Path,
        origin: &Origin<'_>,
        threads: usize,
        limits: &crate::Limits,
        cancel: &Cancel,
    ) -> Result<Self, OpsError> {
        let input = origin.first();
        let extras = Extras {
            metadata: if plan.keep_metadata {
                super::mux::carried(input.probe.tags())
            } else {
                Vec::new()
            },
            chapters: if plan.keep_metadata && plan.trim.is_none() && !origin.is_joined() {
                chapters(input)
            } else {
                Vec::new()
            },
            faststart: plan.faststart,
        };
        // What can be refused without a file is refused before there is one.
        if let Some((_, settings)) = plan.video.as_ref().and_then(|video| video.encode.as_ref()) {
            super::encode::find(settings.kind.name())?;
        }
        if let Some((_, settings)) = plan.audio.as_ref().and_then(|audio| audio.encode.as_ref()) {
            super::encode::find(settings.kind.name())?;
        }
        let (mut burned, mut tracks) = (None, Vec::new());
        if let Some(subtitles) = &plan.subtitles {
            burned = subtitles.burned(limits, cancel)?;
            tracks = subtitles.tracks(limits, cancel)?;
        }
        let overlay = match &plan.video {
            Some(video) => Overlay::open(&video.overlay, burned, threads, limits, cancel)?,
            None => None,
        };
        let streams = usize::from(plan.video.is_some()) + usize::from(plan.audio.is_some());
        let mut muxer = match &plan.segments {
            Some(segments) => Muxer::segmented(path, segments, streams, extras)?,
            None => Muxer::create(
                path,
                plan.container,
                plan.video.is_some(),
                streams,
                extras,
                limits.output_bytes,
            )?,
        };
        muxer.set_subtitles(tracks);
        let mut resolution = None;
        let video = match &plan.video {
            None => None,
            Some(video) => {
                let stream = origin.facts(video.stream);
                let work = match &video.encode {
                    None => {
                        resolution = Some((stream.width, stream.height));
                        let source = origin.stream(video.stream)?;
                        let mut rewriters: Vec<Rewriter> = Vec::new();
                        for how in copy::rewrites(plan.container, stream, &input.probe) {
                            let made = Rewriter::open(how, &source, rewriters.last());
                            rewriters.push(made.map_err(|error| OpsError::Mux {
                                container: plan.container.suffix(),
                                reason: AvError(error),
                            })?);
                        }
                        VideoWork::Copy(Box::new(VideoCopy {
                            track: muxer.add_copied(&source, stream, rewriters.last())?,
                            hidden: Hidden::default(),
                            rewriters,
                            stamps: Stamps::new(stream),
                        }))
                    }
                    Some((chain, settings)) => VideoWork::Encode(Box::new(VideoEncode {
                        filter: VideoFilter::new(
                            chain.clone(),
                            stream.time_base,
                            stream.r_frame_rate,
                            stream.sar,
                            threads,
                        )
                        .under(overlay),
                        settings: settings.clone(),
                        clock: Clock::of(stream),
                        rate_is_named: chain.frame_rate.is_some(),
                        keys: plan.segments.as_ref().map(|segments| segments.schedule),
                        encoder: None,
                        resolution: None,
                    })),
                };
                Some(VideoTrack {
                    base: stream.time_base,
                    work,
                })
            }
        };
        let audio = match &plan.audio {
            None => None,
            Some(audio) => {
                let stream = origin.facts(audio.stream);
                let work = match &audio.encode {
                    None => AudioWork::Copy {
                        track: muxer.add_copied(&origin.stream(audio.stream)?, stream, None)?,
                        hidden: Hidden::default(),
                    },
                    Some((chain, settings)) => AudioWork::Encode(Box::new(AudioEncode {
                        filter: AudioFilter::new(chain.clone(), stream.time_base),
                        settings: settings.clone(),
                        encoder: None,
                    })),
                };
                Some(AudioTrack {
                    base: stream.time_base,
                    work,
                })
            }
        };
        Ok(Self {
            muxer,
            video,
            audio,
            resolution,
            trim: plan.trim,
            cancel: cancel.clone(),
        })
    }

    /// Works until the sender is gone, then closes the file.
    pub(crate) fn run(mut self, feed: Receiver<Feed>) -> Result<Product, OpsError> {
        for item in feed {
            if self.cancel.is_cancelled() {
                return Err(OpsError::Cancelled);
            }
            match item {
                Feed::Picture(frame) => self.picture(Some(frame))?,
                Feed::Samples(frame) => self.samples(Some(frame))?,
                Feed::VideoPacket(packet) => self.video_packet(Some(packet))?,
                Feed::AudioPacket(packet) => self.audio_packet(packet)?,
            }
        }
        if self.cancel.is_cancelled() {
            return Err(OpsError::Cancelled);
        }
        self.picture(None)?;
        self.samples(None)?;
        self.video_packet(None)?;
        let written = self.muxer.finish()?;
        Ok(Product {
            written,
            resolution: self.resolution,
        })
    }

    /// One decoded picture, or the end of them.
    fn picture(&mut self, frame: Option<ffmpeg::Frame>) -> Result<(), OpsError> {
        let Some(VideoTrack {
            base,
            work: VideoWork::Encode(work),
        }) = &mut self.video
        else {
            return Ok(());
        };
        if let (Some(frame), Some(trim)) = (&frame, self.trim) {
            let pts = frame.pts().unwrap_or(0);
            if pts < 0 || trim.is_past(pts, *base) {
                return Ok(());
            }
        }
        match frame {
            Some(frame) => work.frame(Some(frame), &mut self.muxer)?,
            None => work.finish(&mut self.muxer)?,
        }
        self.resolution = work.resolution;
        Ok(())
    }

    /// One frame of decoded samples, or the end of them.
    fn samples(&mut self, frame: Option<ffmpeg::Frame>) -> Result<(), OpsError> {
        let Some(AudioTrack {
            work: AudioWork::Encode(work),
            ..
        }) = &mut self.audio
        else {
            return Ok(());
        };
        match frame {
            Some(frame) => work.frame(Some(frame), &mut self.muxer),
            None => work.finish(&mut self.muxer),
        }
    }

    /// One packet to be copied, or the end of them.
    fn video_packet(&mut self, packet: Option<ffmpeg::Packet>) -> Result<(), OpsError> {
        let Some(VideoTrack {
            base,
            work: VideoWork::Copy(work),
        }) = &mut self.video
        else {
            return Ok(());
        };
        match packet {
            Some(packet) if past(&self.trim, &packet, *base) => Ok(()),
            packet => work.packet(packet, *base, &mut self.muxer),
        }
    }

    fn audio_packet(&mut self, packet: ffmpeg::Packet) -> Result<(), OpsError> {
        match &mut self.audio {
            Some(AudioTrack {
                base,
                work: AudioWork::Copy { track, hidden },
            }) => {
                let before = self.trim.is_some()
                    && packet.pts().is_some_and(|pts| pts + packet.duration() <= 0);
                if before || past(&self.trim, &packet, *base) {
                    return Ok(());
                }
                hidden
                    .pass(packet)
                    .into_iter()
                    .try_for_each(|packet| self.muxer.write(*track, packet, *base))
            }
            _ => Ok(()),
        }
    }
}

impl VideoCopy {
    fn packet(
        &mut self,
        packet: Option<ffmpeg::Packet>,
        base: (i32, i32),
        muxer: &mut Muxer,
    ) -> Result<(), OpsError> {
        let is_end = packet.is_none();
        let shown = packet.map_or_else(Vec::new, |packet| self.hidden.pass(packet));
        let shown = shown.into_iter().map(Some);
        for packet in shown.chain(is_end.then_some(None)) {
            for packet in self.rewrite(packet) {
                for ready in self.stamps.packet(packet)? {
                    muxer.write(self.track, ready, base)?;
                }
            }
        }
        if is_end {
            for ready in self.stamps.finish()? {
                muxer.write(self.track, ready, base)?;
            }
        }
        Ok(())
    }

    /// A packet, or the end of them, through one filter after the other. What one of them cannot read is left out.
    fn rewrite(&mut self, packet: Option<ffmpeg::Packet>) -> Vec<ffmpeg::Packet> {
        let is_end = packet.is_none();
        let mut packets: Vec<_> = packet.into_iter().collect();
        for rewriter in &mut self.rewriters {
            let given = std::mem::take(&mut packets).into_iter().map(Some);
            for packet in given.chain(is_end.then_some(None)) {
                match rewriter.packet(packet) {
                    Ok(ready) => packets.extend(ready),
                    Err(error) => tracing::debug!(%error, "packet left out"),
                }
            }
        }
        packets
    }
}

impl VideoEncode {
    fn frame(&mut self, frame: Option<ffmpeg::Frame>, muxer: &mut Muxer) -> Result<(), OpsError> {
        let Self {
            filter,
            settings,
            clock,
            rate_is_named,
            keys,
            encoder,
            resolution,
        } = self;
        filter.frame(frame, &mut |frame, base| {
            let (encoder, track) = match encoder {
                Some(open) => open,
                None => {
                    if *rate_is_named {
                        *clock = Clock {
                            time_base: base,
                            frame_rate: (base.1, base.0),
                        };
                    }
                    let global = muxer.wants_global_header();
                    let mut opened = Encoder::video(
                        settings,
                        &frame,
                        clock.time_base,
                        clock.frame_rate,
                        global,
                    )?;
                    if let Some(schedule) = keys {
                        opened.set_keys(Boundaries::new(*schedule));
                    }
                    let shape = sys::picture_shape(&frame);
                    *resolution = Some((shape.width.max(0) as u32, shape.height.max(0) as u32));
                    let track = muxer.add_encoded(&opened, clock.frame_rate)?;
                    encoder.insert((opened, track))
                }
            };
            encoder.frame(frame, base, &mut |packet, base| {
                muxer.write(*track, packet, base)
            })
        })
    }

    fn finish(&mut self, muxer: &mut Muxer) -> Result<(), OpsError> {
        self.frame(None, muxer)?;
        match &mut self.encoder {
            Some((encoder, track)) => {
                encoder.finish(&mut |packet, base| muxer.write(*track, packet, base))
            }
            None => muxer.give_up_stream(),
        }
    }
}

impl AudioEncode {
    fn frame(&mut self, frame: Option<ffmpeg::Frame>, muxer: &mut Muxer) -> Result<(), OpsError> {
        let (encoder, track) = match &mut self.encoder {
            Some(open) => open,
            None => {
                // Before the first samples are filtered: the filter must cut them to the encoder's frame size.
                let opened = Encoder::audio(
                    &self.settings,
                    self.filter.chain(),
                    muxer.wants_global_header(),
                )?;
                self.filter.set_frame_size(opened.frame_size());
                let track = muxer.add_encoded(&opened, (0, 1))?;
                self.encoder.insert((opened, track))
            }
        };
        self.filter.frame(frame, &mut |frame, base| {
            encoder.frame(frame, base, &mut |packet, base| {
                muxer.write(*track, packet, base)
            })
        })
    }

    fn finish(&mut self, muxer: &mut Muxer) -> Result<(), OpsError> {
        if self.encoder.is_none() {
            return muxer.give_up_stream();
        }
        self.frame(None, muxer)?;
        match &mut self.encoder {
            Some((encoder, track)) => {
                encoder.finish(&mut |packet, base| muxer.write(*track, packet, base))
            }
            None => Ok(()),
        }
    }
}

fn past(trim: &Option<super::filter::Trim>, packet: &ffmpeg::Packet, base: (i32, i32)) -> bool {
    match (trim, packet.pts().or(packet.dts())) {
        (Some(trim), Some(at)) => trim.is_past(at, base),
        _ => false,
    }
}

/// Chapters on the output's clock, which begins where the file's first timestamp is.
fn chapters(input: &super::open::Input) -> Vec<super::sys::RawChapter> {
    let start = input.probe.format.start.unwrap_or(0);
    let mut chapters = input.probe.format.chapters.clone();
    for chapter in &mut chapters {
        let shift = rescale(start, MICROS, chapter.time_base);
        chapter.start = (chapter.start - shift).max(0);
        chapter.end = (chapter.end - shift).max(chapter.start);
    }
    chapters
}
