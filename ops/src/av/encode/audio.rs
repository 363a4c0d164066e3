//! Audio encoders: which there are and how each is told what is wanted.

use ffmpeg_next as ffmpeg;

use super::{Encoder, Opened, find};
use crate::OpsError;
use crate::av::AvError;
use crate::av::filter::AudioChain;
use crate::av::sys;

/// Audio encoders this build knows how to drive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AudioEncoderKind {
    Aac,
    Mp3,
}

/// Settings of an audio encoder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AudioSettings {
    pub(crate) kind: AudioEncoderKind,
    pub(crate) bit_rate: u64,
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

impl Encoder {
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
}
