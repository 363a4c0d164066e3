//! Audio encoders: which there are and how each is told what is wanted.

use ffmpeg_next as ffmpeg;

use super::{Encoder, Opened, find};
use crate::OpsError;
use crate::av::AvError;
use crate::av::filter::AudioChain;
use crate::av::sys;
use crate::op::AacProfile;

/// Audio encoders this build knows how to drive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AudioEncoderKind {
    Aac,
    /// The only one that makes HE-AAC; its licence keeps it out of most builds of FFmpeg.
    FdkAac,
    Mp3,
    Vorbis,
    Opus,
    Ac3,
    Eac3,
    Mp2,
    Flac,
    Pcm,
}

/// How an audio encoder spends bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AudioRate {
    /// Bits per second.
    Bits(u64),
    /// Variable, at this quality on libav's own scale (`FF_QP2LAMBDA` a step).
    Quality(u32),
    /// As many as it takes to lose nothing.
    Lossless,
}

/// Settings of an audio encoder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AudioSettings {
    pub(crate) kind: AudioEncoderKind,
    pub(crate) rate: AudioRate,
    pub(crate) profile: Option<AacProfile>,
}

/// What the installed encoder takes, as it says itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Abilities {
    /// libav's names of sample formats.
    pub(crate) formats: Vec<&'static str>,
    /// Sample rates; empty if it takes any.
    pub(crate) rates: Vec<u32>,
}

impl AudioEncoderKind {
    /// libav's name of the encoder.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Aac => "aac",
            Self::FdkAac => "libfdk_aac",
            Self::Mp3 => "libmp3lame",
            Self::Vorbis => "libvorbis",
            Self::Opus => "libopus",
            Self::Ac3 => "ac3",
            Self::Eac3 => "eac3",
            Self::Mp2 => "mp2",
            Self::Flac => "flac",
            Self::Pcm => "pcm_s16le",
        }
    }

    /// Asks the installed FFmpeg.
    pub(crate) fn abilities(self) -> Result<Abilities, OpsError> {
        let name = self.name();
        let codec = find(name)?;
        let audio = codec.audio().map_err(|error| OpsError::Encode {
            encoder: name,
            reason: AvError(error),
        })?;
        let formats = audio.formats().into_iter().flatten();
        let rates = audio.rates().into_iter().flatten();
        Ok(Abilities {
            formats: formats.map(|format| format.name()).collect(),
            rates: rates
                .filter_map(|rate| u32::try_from(rate).ok())
                .filter(|&rate| rate > 0)
                .collect(),
        })
    }
}

impl AacProfile {
    /// libav's name, which is also that of the op string.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Low => "aac_low",
            Self::Main => "aac_main",
            Self::He => "aac_he",
            Self::HeV2 => "aac_he_v2",
        }
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
        sys::shape_audio_encoder(&mut context, chain.rate, &chain.layout, chain.sample_format)
            .map_err(failed)?;
        context.set_time_base(time_base);
        if global_header {
            sys::set_global_header(&mut context);
        }
        let mut options = ffmpeg::Dictionary::new();
        match settings.rate {
            AudioRate::Bits(bits) => options.set("b", &bits.to_string()),
            AudioRate::Quality(quality) => {
                options.set("flags", "+qscale");
                options.set("global_quality", &quality.to_string());
            }
            AudioRate::Lossless => {}
        }
        if let Some(profile) = settings.profile {
            options.set("profile", profile.name());
        }
        let context = context
            .encoder()
            .audio()
            .and_then(|audio| audio.open_as_with(codec, options))
            .map_err(failed)?;
        Ok(Self::new(Opened::Audio(context), name, time_base))
    }
}
