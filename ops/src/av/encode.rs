//! Frames in, packets out: encoders opened after the first frame they will get, with typed settings.

use std::collections::BTreeMap;

use ffmpeg_next as ffmpeg;

use super::decode::is_again;
use super::filter::AudioChain;
use super::sys;
use super::{AvError, rescale};
use crate::OpsError;
use crate::op::Preset;

/// Video encoders this build knows how to drive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VideoEncoderKind {
    X264,
    X265,
}

/// Audio encoders this build knows how to drive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AudioEncoderKind {
    Aac,
    Mp3,
}

/// How a video encoder spends bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rate {
    /// Average bits per second.
    Bits(u64),
    /// Constant quality, never above `cap` bits per second when there is one.
    Quality { crf: u8, cap: Option<u64> },
}

/// Settings of a video encoder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VideoSettings {
    pub(crate) kind: VideoEncoderKind,
    pub(crate) rate: Rate,
    pub(crate) preset: Preset,
    pub(crate) threads: usize,
}

/// Settings of an audio encoder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AudioSettings {
    pub(crate) kind: AudioEncoderKind,
    pub(crate) bit_rate: u64,
}

impl VideoEncoderKind {
    /// libav's name of the encoder.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::X264 => "libx264",
            Self::X265 => "libx265",
        }
    }
}

impl AudioEncoderKind {
    /// libav's name of the encoder.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Aac => "aac",
            Self::Mp3 => "libmp3lame",
        }
    }

    /// Sample rates the format knows, ascending.
    pub(crate) fn rates(self) -> &'static [u32] {
        match self {
            Self::Aac => &[
                7350, 8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200,
                96000,
            ],
            Self::Mp3 => &[8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000],
        }
    }

    /// libav's name of the one sample format both encoders take.
    pub(crate) fn sample_format(self) -> &'static str {
        "fltp"
    }
}

/// Frame threads for a share of the cores. They wait for rows of one another, so half as many again keep the cores busy.
fn frame_threads(cores: usize) -> usize {
    (cores + cores / 2).max(1)
}

/// Finds an encoder in the FFmpeg that is installed.
pub(crate) fn find(name: &'static str) -> Result<ffmpeg::Codec, OpsError> {
    sys::init();
    ffmpeg::encoder::find_by_name(name).ok_or(OpsError::EncoderMissing { encoder: name })
}

/// An open encoder of either kind with the bookkeeping that its packets need.
pub(crate) struct Encoder {
    context: Opened,
    name: &'static str,
    time_base: (i32, i32),
    last_pts: Option<i64>,
    /// Durations of the frames inside, by timestamp: encoders give packets back without them.
    durations: BTreeMap<i64, i64>,
    finished: bool,
}

enum Opened {
    Video(ffmpeg::encoder::video::Encoder),
    Audio(ffmpeg::encoder::audio::Encoder),
}

impl Encoder {
    /// Opens a video encoder shaped after `frame`.
    pub(crate) fn video(
        settings: &VideoSettings,
        frame: &ffmpeg::Frame,
        time_base: (i32, i32),
        frame_rate: (i32, i32),
        global_header: bool,
    ) -> Result<Self, OpsError> {
        let name = settings.kind.name();
        let codec = find(name)?;
        // With the codec, so that the codec's own defaults apply and not libav's general ones.
        let mut context = ffmpeg::codec::Context::new_with_codec(codec);
        sys::shape_video_encoder(&mut context, frame);
        context.set_time_base(time_base);
        if frame_rate.0 > 0 && frame_rate.1 > 0 {
            context.set_frame_rate(Some(frame_rate));
        }
        context.set_threading(ffmpeg::threading::Config {
            kind: ffmpeg::threading::Type::Frame,
            count: frame_threads(settings.threads),
            ..Default::default()
        });
        if global_header {
            sys::set_global_header(&mut context);
        }
        let mut options = ffmpeg::Dictionary::new();
        options.set("preset", settings.preset.name());
        match settings.rate {
            Rate::Bits(bits) => options.set("b", &bits.to_string()),
            Rate::Quality { crf, cap } => {
                options.set("crf", &crf.to_string());
                if let Some(cap) = cap {
                    options.set("maxrate", &cap.to_string());
                    options.set(
                        "bufsize",
                        &cap.saturating_mul(2).min(i32::MAX as u64).to_string(),
                    );
                }
            }
        }
        if settings.kind == VideoEncoderKind::X265 {
            // x265 takes its threads from `pools` and writes to standard error on its own account.
            options.set(
                "x265-params",
                &format!("log-level=none:pools={}", settings.threads.max(1)),
            );
        }
        let context = context
            .encoder()
            .video()
            .and_then(|video| video.open_as_with(codec, options))
            .map_err(|error| OpsError::Encode {
                encoder: name,
                reason: AvError(error),
            })?;
        Ok(Self::new(Opened::Video(context), name, time_base))
    }

    /// Opens an audio encoder for what `chain` gives; its time base is one over the sample rate.
    pub(crate) fn audio(
        settings: &AudioSettings,
        chain: &AudioChain,
        global_header: bool,
    ) -> Result<Self, OpsError> {
        let name = settings.kind.name();
        let failed = |error| OpsError::Encode {
            encoder: name,
            reason: AvError(error),
        };
        let codec = find(name)?;
        let time_base = (1, chain.rate.max(1) as i32);
        let mut context = ffmpeg::codec::Context::new_with_codec(codec);
        sys::shape_audio_encoder(&mut context, chain.rate, chain.layout).map_err(failed)?;
        context.set_time_base(time_base);
        if global_header {
            sys::set_global_header(&mut context);
        }
        let mut options = ffmpeg::Dictionary::new();
        options.set("b", &settings.bit_rate.to_string());
        let context = context
            .encoder()
            .audio()
            .and_then(|audio| audio.open_as_with(codec, options))
            .map_err(failed)?;
        Ok(Self::new(Opened::Audio(context), name, time_base))
    }

    fn new(context: Opened, name: &'static str, time_base: (i32, i32)) -> Self {
        Self {
            context,
            name,
            time_base,
            last_pts: None,
            durations: BTreeMap::new(),
            finished: false,
        }
    }

    /// Time base of the packets.
    pub(crate) fn time_base(&self) -> (i32, i32) {
        self.time_base
    }

    /// The codec context, to describe the output stream.
    pub(crate) fn context(&self) -> &ffmpeg::codec::Context {
        match &self.context {
            Opened::Video(video) => video,
            Opened::Audio(audio) => audio,
        }
    }

    /// Samples per frame the encoder wants, 0 for any.
    pub(crate) fn frame_size(&self) -> u32 {
        sys::encoder_frame_size(self.context())
    }

    /// Encodes one frame whose timestamp is in `base`. A picture that would not come after the last one is left out.
    pub(crate) fn frame(
        &mut self,
        mut frame: ffmpeg::Frame,
        base: (i32, i32),
        out: &mut dyn FnMut(ffmpeg::Packet, (i32, i32)) -> Result<(), OpsError>,
    ) -> Result<(), OpsError> {
        let next = self.last_pts.map_or(i64::MIN, |last| last + 1);
        let mut pts = frame
            .pts()
            .map_or(next.max(0), |pts| rescale(pts, base, self.time_base));
        if pts < next {
            match self.context {
                Opened::Video(_) => return Ok(()),
                Opened::Audio(_) => pts = next,
            }
        }
        self.last_pts = Some(pts);
        frame.set_pts(Some(pts));
        let duration = match self.context {
            Opened::Video(_) => rescale(sys::frame_duration(&frame), base, self.time_base),
            Opened::Audio(_) => sys::sample_shape(&frame).samples.max(0).into(),
        };
        if matches!(self.context, Opened::Video(_)) {
            sys::forget_picture_type(&mut frame);
            self.durations.insert(pts, duration);
        } else {
            self.last_pts = Some(pts + duration.max(1) - 1);
        }
        loop {
            match self.send(Some(&frame)) {
                Ok(()) => return self.drain(out),
                Err(error) if is_again(error) => self.drain(out)?,
                Err(error) => return Err(self.failed(error)),
            }
        }
    }

    /// No more frames: hands out the packets still inside.
    pub(crate) fn finish(
        &mut self,
        out: &mut dyn FnMut(ffmpeg::Packet, (i32, i32)) -> Result<(), OpsError>,
    ) -> Result<(), OpsError> {
        if std::mem::replace(&mut self.finished, true) {
            return Ok(());
        }
        match self.send(None) {
            Ok(()) | Err(ffmpeg::Error::Eof) => self.drain(out),
            Err(error) => Err(self.failed(error)),
        }
    }

    fn send(&mut self, frame: Option<&ffmpeg::Frame>) -> Result<(), ffmpeg::Error> {
        match (&mut self.context, frame) {
            (Opened::Video(video), Some(frame)) => video.send_frame(frame),
            (Opened::Audio(audio), Some(frame)) => audio.send_frame(frame),
            (Opened::Video(video), None) => video.send_eof(),
            (Opened::Audio(audio), None) => audio.send_eof(),
        }
    }

    fn drain(
        &mut self,
        out: &mut dyn FnMut(ffmpeg::Packet, (i32, i32)) -> Result<(), OpsError>,
    ) -> Result<(), OpsError> {
        loop {
            let mut packet = ffmpeg::Packet::empty();
            let received = match &mut self.context {
                Opened::Video(video) => video.receive_packet(&mut packet),
                Opened::Audio(audio) => audio.receive_packet(&mut packet),
            };
            match received {
                Ok(()) => {
                    if packet.duration() == 0
                        && let Some(duration) =
                            packet.pts().and_then(|pts| self.durations.remove(&pts))
                    {
                        packet.set_duration(duration);
                    }
                    out(packet, self.time_base)?;
                }
                Err(error) if is_again(error) || error == ffmpeg::Error::Eof => return Ok(()),
                Err(error) => return Err(self.failed(error)),
            }
        }
    }

    fn failed(&self, error: ffmpeg::Error) -> OpsError {
        OpsError::Encode {
            encoder: self.name,
            reason: AvError(error),
        }
    }
}

impl Preset {
    /// x264's and x265's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ultrafast => "ultrafast",
            Self::Superfast => "superfast",
            Self::Veryfast => "veryfast",
            Self::Faster => "faster",
            Self::Fast => "fast",
            Self::Medium => "medium",
            Self::Slow => "slow",
            Self::Slower => "slower",
            Self::Veryslow => "veryslow",
            Self::Placebo => "placebo",
        }
    }
}
