//! What becomes of the sound: copied or encoded, through which filters and with which settings.

mod bits;
mod shape;

pub(super) use bits::usual_bits;
pub(crate) use shape::natural_layout;

use super::AudioPlan;
use crate::OpsError;
use crate::av::encode::{AudioEncoderKind, AudioSettings};
use crate::av::filter::{AudioChain, Level, Trim};
use crate::av::sys::RawStream;
use crate::op::{AacProfile, AudioCodec, Avthumb, Volume};
use crate::probe::Probe;

/// Decides what an `avthumb` makes of this sound stream.
pub(super) fn plan(
    op: &Avthumb,
    probe: &Probe,
    stream: &RawStream,
    trim: Option<Trim>,
) -> Result<AudioPlan, OpsError> {
    let codec = op.sound().ok_or(OpsError::NoStream { kind: "video" })?;
    if super::copy::audio(op, probe, stream).is_copy() {
        return copy(op, stream);
    }
    let Some(kind) = encoder(codec, op.audio.profile) else {
        return copy(op, stream);
    };
    if !op.container.sound().contains(&codec) {
        return Err(OpsError::CannotHold {
            codec: codec.name(),
            container: op.container.suffix(),
        });
    }
    let abilities = kind.abilities()?;
    let (layout, channels) = shape::layout(kind, op, stream);
    let rates = shape::rates(kind, op.container, &abilities.rates);
    let rate = match op.audio.sample_rate {
        Some(asked) => shape::nearest(&rates, asked.get()),
        None => shape::fitting(&rates, stream.sample_rate),
    };
    let chain = AudioChain {
        rate,
        layout,
        sample_format: shape::sample_format(&abilities.formats, stream),
        level: match op.audio.volume {
            None => Level::Same,
            Some(Volume::Times(thousandths)) => Level::Times(thousandths),
            Some(Volume::Decibels(thousandths)) => Level::Gain(thousandths.into()),
        },
        trim,
    };
    let settings = AudioSettings {
        kind,
        rate: bits::rate(op, codec, kind, rate, channels),
        profile: op.audio.profile,
    };
    Ok(AudioPlan {
        stream: stream.index,
        encode: Some((chain, settings)),
        loudness: op.audio.loudness,
    })
}

fn copy(op: &Avthumb, stream: &RawStream) -> Result<AudioPlan, OpsError> {
    if !op.container.takes_packets(&stream.codec_name) {
        return Err(OpsError::CannotCopy {
            codec: stream.codec_name.clone(),
            container: op.container.suffix(),
        });
    }
    Ok(AudioPlan {
        stream: stream.index,
        encode: None,
        loudness: None,
    })
}

/// The encoder of a codec; none for copies. AAC is FFmpeg's own, but for what that cannot do.
fn encoder(codec: AudioCodec, profile: Option<AacProfile>) -> Option<AudioEncoderKind> {
    Some(match codec {
        AudioCodec::Aac if matches!(profile, Some(AacProfile::He | AacProfile::HeV2)) => {
            AudioEncoderKind::FdkAac
        }
        AudioCodec::Aac => AudioEncoderKind::Aac,
        AudioCodec::Mp3 => AudioEncoderKind::Mp3,
        AudioCodec::Vorbis => AudioEncoderKind::Vorbis,
        AudioCodec::Opus => AudioEncoderKind::Opus,
        AudioCodec::Ac3 => AudioEncoderKind::Ac3,
        AudioCodec::Eac3 => AudioEncoderKind::Eac3,
        AudioCodec::Mp2 => AudioEncoderKind::Mp2,
        AudioCodec::Flac => AudioEncoderKind::Flac,
        AudioCodec::Pcm => AudioEncoderKind::Pcm,
        AudioCodec::Copy => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn high_efficiency_is_for_the_one_encoder_that_has_it() {
        for (profile, expected) in [
            (None, AudioEncoderKind::Aac),
            (Some(AacProfile::Main), AudioEncoderKind::Aac),
            (Some(AacProfile::He), AudioEncoderKind::FdkAac),
            (Some(AacProfile::HeV2), AudioEncoderKind::FdkAac),
        ] {
            assert_eq!(encoder(AudioCodec::Aac, profile), Some(expected));
        }
    }
}
