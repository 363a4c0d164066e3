//! Video encoders: which there are and how each is told what is wanted.

use ffmpeg_next as ffmpeg;

use super::{Encoder, Opened, find};
use crate::OpsError;
use crate::av::AvError;
use crate::av::sys;
use crate::op::Preset;

/// Video encoders this build knows how to drive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VideoEncoderKind {
    X264,
    X265,
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

impl VideoEncoderKind {
    /// libav's name of the encoder.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::X264 => "libx264",
            Self::X265 => "libx265",
        }
    }
}

/// Frame threads for a share of the cores. They wait for rows of one another, so half as many again keep the cores busy.
fn frame_threads(cores: usize) -> usize {
    (cores + cores / 2).max(1)
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
