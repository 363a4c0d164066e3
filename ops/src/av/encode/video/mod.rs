//! Video encoders: which there are, what each can do, and how it is opened.

mod level;
mod options;
mod quality;
mod speed;

use ffmpeg_next as ffmpeg;

use super::{Encoder, Opened, find};
use crate::OpsError;
use crate::av::AvError;
use crate::av::filter::Matrix;
use crate::av::sys::{self, Mastering};
use crate::op::{H264Level, H264Profile, Preset, VideoCodec};

/// Video encoders this build knows how to drive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VideoEncoderKind {
    X264,
    X265,
    Vpx8,
    Vpx9,
    SvtAv1,
    AomAv1,
    Theora,
    Xvid,
    Mpeg4,
    Mpeg2,
    Mpeg1,
    Vvenc,
    Gif,
}

/// How a video encoder spends bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rate {
    /// Bits per second: their mean, and what they do not exceed for long.
    Bits { mean: u64, most: Option<u64> },
    /// Constant quality on the encoder's own scale, never above `cap` bits per second when there is one.
    Quality { level: u32, cap: Option<u64> },
}

/// Settings of a video encoder.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct VideoSettings {
    pub(crate) kind: VideoEncoderKind,
    pub(crate) rate: Rate,
    pub(crate) preset: Preset,
    /// Frames from one key picture to the next, if it is not left to the encoder.
    pub(crate) gop: Option<u32>,
    /// Pictures come in the order they are shown in.
    pub(crate) in_order: bool,
    pub(crate) profile: Option<H264Profile>,
    pub(crate) level: Option<H264Level>,
    /// Interlaced pictures are encoded as fields.
    pub(crate) keeps_fields: bool,
    /// The display that high dynamic range was made on, as far as the container tells; a picture may know better.
    pub(crate) mastering: Option<Mastering>,
    pub(crate) threads: usize,
}

impl VideoEncoderKind {
    /// The encoder of a codec: the first that is installed. `None` for `copy`.
    pub(crate) fn of(
        codec: VideoCodec,
        settings_are_plain: bool,
    ) -> Option<Result<Self, OpsError>> {
        let candidates: &[Self] = match codec {
            VideoCodec::Copy => return None,
            VideoCodec::X264 => &[Self::X264],
            VideoCodec::X265 => &[Self::X265],
            VideoCodec::Vp8 => &[Self::Vpx8],
            VideoCodec::Vp9 => &[Self::Vpx9],
            VideoCodec::Av1 => &[Self::SvtAv1, Self::AomAv1],
            VideoCodec::Theora => &[Self::Theora],
            // Xvid in one pass can neither cap its bit rate nor place its key pictures.
            VideoCodec::Xvid if settings_are_plain => &[Self::Xvid, Self::Mpeg4],
            VideoCodec::Xvid => &[Self::Mpeg4],
            VideoCodec::Mpeg1 => &[Self::Mpeg1],
            VideoCodec::Mpeg2 => &[Self::Mpeg2],
            VideoCodec::Vvc => &[Self::Vvenc],
            VideoCodec::Gif => &[Self::Gif],
        };
        let installed = candidates.iter().find(|kind| find(kind.name()).is_ok());
        Some(match (installed, candidates.first()) {
            (Some(&kind), _) => Ok(kind),
            (None, first) => Err(OpsError::EncoderMissing {
                encoder: first.map_or("", |kind| kind.name()),
            }),
        })
    }

    /// libav's name of the encoder.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::X264 => "libx264",
            Self::X265 => "libx265",
            Self::Vpx8 => "libvpx",
            Self::Vpx9 => "libvpx-vp9",
            Self::SvtAv1 => "libsvtav1",
            Self::AomAv1 => "libaom-av1",
            Self::Theora => "libtheora",
            Self::Xvid => "libxvid",
            Self::Mpeg4 => "mpeg4",
            Self::Mpeg2 => "mpeg2video",
            Self::Mpeg1 => "mpeg1video",
            Self::Vvenc => "libvvenc",
            Self::Gif => "gif",
        }
    }

    /// True if ten bits a sample are kept, and with them high dynamic range. The codec of VP9 knows them, but most of its
    /// players do not; H.264's neither.
    pub(crate) fn keeps_ten_bits(self) -> bool {
        matches!(self, Self::X265 | Self::SvtAv1 | Self::AomAv1 | Self::Vvenc)
    }

    /// True if the stream can say that its pictures use the full range of values.
    pub(crate) fn knows_full_range(self) -> bool {
        matches!(
            self,
            Self::X264 | Self::X265 | Self::Vpx9 | Self::SvtAv1 | Self::AomAv1 | Self::Vvenc
        )
    }

    /// How players of this codec know which colours are meant.
    pub(crate) fn matrix(self) -> Matrix {
        match self {
            Self::Vpx8 | Self::Theora | Self::Mpeg1 => Matrix::Standard,
            Self::Xvid | Self::Mpeg4 => Matrix::Guessed,
            _ => Matrix::Noted,
        }
    }

    /// True if the stream can say that its pictures are fields.
    pub(crate) fn knows_fields(self) -> bool {
        matches!(self, Self::X264 | Self::Mpeg2 | Self::Mpeg4 | Self::Xvid)
    }

    /// Pixels a side that the encoder takes. Most refuse more with a word of their own that says nothing.
    fn longest_side(self) -> u32 {
        match self {
            Self::X264 | Self::Vpx9 | Self::SvtAv1 => 16_384,
            Self::Vpx8 | Self::Mpeg2 => 16_383,
            Self::Mpeg4 | Self::Xvid => 8191,
            Self::Mpeg1 => 4095,
            Self::X265 | Self::AomAv1 | Self::Theora | Self::Vvenc | Self::Gif => 65_535,
        }
    }

    /// The encoder for pictures of this size: SVT-AV1 wants 64 pixels each way.
    fn fitting(self, width: i32, height: i32) -> Self {
        let small = width < 64 || height < 64;
        if self == Self::SvtAv1 && small && find(Self::AomAv1.name()).is_ok() {
            return Self::AomAv1;
        }
        self
    }

    /// The encoder that makes key pictures of those it is told to: SVT-AV1 chooses its own.
    pub(crate) fn obedient(self) -> Self {
        match self {
            Self::SvtAv1 => Self::AomAv1,
            other => other,
        }
    }

    /// How libav is to use threads in this encoder, for a share of the cores. Encoders with threads of their own get
    /// their number among their options.
    fn threading(self, cores: usize) -> ffmpeg::threading::Config {
        let cores = cores.max(1);
        let (kind, count) = match self {
            // Frame threads wait for rows of one another, so half as many again keep the cores busy.
            Self::X264 => (ffmpeg::threading::Type::Frame, cores + cores / 2),
            Self::Mpeg4 | Self::Mpeg2 | Self::Mpeg1 => (ffmpeg::threading::Type::Slice, cores),
            Self::Theora | Self::Xvid | Self::Gif => (ffmpeg::threading::Type::None, 1),
            _ => (ffmpeg::threading::Type::Frame, cores),
        };
        ffmpeg::threading::Config {
            kind,
            count,
            ..Default::default()
        }
    }
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
        let shape = sys::picture_shape(frame);
        let settings = &VideoSettings {
            kind: settings.kind.fitting(shape.width, shape.height),
            // Pictures of standard range have left the display of their source behind.
            mastering: sys::mastering_of_frame(frame)
                .or(settings.mastering)
                .filter(|_| shape.is_pq()),
            ..settings.clone()
        };
        let name = settings.kind.name();
        let (width, height) = (shape.width.max(0) as u32, shape.height.max(0) as u32);
        let limit = settings.kind.longest_side();
        if width.max(height) > limit {
            return Err(OpsError::SideTooLong {
                width,
                height,
                encoder: name,
                limit,
            });
        }
        let codec = find(name)?;
        // With the codec, so that the codec's own defaults apply and not libav's general ones.
        let mut context = ffmpeg::codec::Context::new_with_codec(codec);
        sys::shape_video_encoder(&mut context, frame);
        context.set_time_base(time_base);
        if frame_rate.0 > 0 && frame_rate.1 > 0 {
            context.set_frame_rate(Some(frame_rate));
        }
        context.set_threading(settings.kind.threading(settings.threads));
        if global_header {
            sys::set_global_header(&mut context);
        }
        if settings.keeps_fields
            && let Some(top_first) = sys::first_field_is_top(frame)
        {
            sys::set_fields(&mut context, top_first);
        }
        let options = settings.options(&shape, frame_rate)?;
        let context = context
            .encoder()
            .video()
            .and_then(|video| video.open_as_with(codec, options))
            .map_err(|error| OpsError::Encode {
                encoder: name,
                reason: AvError(error),
            })?;
        Ok(Self {
            mastering: settings.mastering,
            ..Self::new(Opened::Video(context), name, time_base)
        })
    }
}
