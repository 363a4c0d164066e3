//! What becomes of the sound: copied or encoded, through which filters and with which settings.

use super::AudioPlan;
use crate::OpsError;
use crate::av::encode::{AudioEncoderKind, AudioSettings};
use crate::av::filter::{AudioChain, Trim};
use crate::av::sys::RawStream;
use crate::op::{AudioCodec, Avthumb, Container};

/// Decides what an `avthumb` makes of this sound stream.
pub(super) fn plan(
    op: &Avthumb,
    stream: &RawStream,
    trim: Option<Trim>,
) -> Result<AudioPlan, OpsError> {
    let kind = match (op.audio.codec, op.container) {
        (Some(AudioCodec::Copy), container) => {
            if !container.takes_packets(&stream.codec_name) {
                return Err(OpsError::CannotCopy {
                    codec: stream.codec_name.clone(),
                    container: container.suffix(),
                });
            }
            return Ok(AudioPlan {
                stream: stream.index,
                encode: None,
            });
        }
        (Some(AudioCodec::Mp3), Container::Aac) => {
            return Err(OpsError::CannotHold {
                codec: "libmp3lame",
                container: "aac",
            });
        }
        (Some(AudioCodec::Aac), Container::Mp3) => {
            return Err(OpsError::CannotHold {
                codec: "aac",
                container: "mp3",
            });
        }
        (Some(AudioCodec::Mp3), _) | (None, Container::Mp3) => AudioEncoderKind::Mp3,
        (Some(AudioCodec::Aac) | None, _) => AudioEncoderKind::Aac,
    };
    let channels = op
        .audio
        .channels
        .map_or(stream.channels.max(1), |ac| ac.get().into());
    let layout = layout(kind, channels);
    let wanted = op
        .audio
        .sample_rate
        .map_or(stream.sample_rate, |ar| ar.get());
    let rates: &[u32] = match (kind, op.container) {
        (AudioEncoderKind::Mp3, Container::Flv) => &[11025, 22050, 44100],
        _ => kind.rates(),
    };
    let rate = nearest(rates, wanted);
    // 64 kbit/s a channel, as far as the format and the sample rate carry it.
    let default = 64_000 * u64::from(layout.1);
    let ceiling = if kind == AudioEncoderKind::Mp3 {
        mp3_ceiling(rate)
    } else {
        6 * u64::from(rate) * u64::from(layout.1)
    };
    let bit_rate = op
        .audio
        .bit_rate
        .map_or(default, |ab| ab.get())
        .min(ceiling);
    let chain = AudioChain {
        rate,
        layout: layout.0,
        sample_format: kind.sample_format(),
        trim,
    };
    Ok(AudioPlan {
        stream: stream.index,
        encode: Some((chain, AudioSettings { kind, bit_rate })),
    })
}

/// Highest bit rate of MPEG-1, MPEG-2 and MPEG-2.5 layer III.
fn mp3_ceiling(rate: u32) -> u64 {
    match rate {
        0..=12_000 => 64_000,
        12_001..=24_000 => 160_000,
        _ => 320_000,
    }
}

/// The usual layout of so many channels, by libav's name.
pub(crate) fn natural_layout(channels: u32) -> &'static str {
    layout(AudioEncoderKind::Aac, channels).0
}

/// Layout and channel count the encoder gets for a source of `channels`.
fn layout(kind: AudioEncoderKind, channels: u32) -> (&'static str, u32) {
    match (kind, channels) {
        (_, 1) => ("mono", 1),
        (AudioEncoderKind::Mp3, _) | (_, 2) => ("stereo", 2),
        (_, 3) => ("3.0", 3),
        (_, 4) => ("4.0", 4),
        (_, 5) => ("5.0", 5),
        (_, 6 | 7) => ("5.1", 6),
        _ => ("7.1", 8),
    }
}

/// The known rate closest to `wanted`; of two as close, the higher.
fn nearest(rates: &[u32], wanted: u32) -> u32 {
    rates
        .iter()
        .copied()
        .min_by_key(|rate| (rate.abs_diff(wanted), u32::MAX - rate))
        .unwrap_or(44_100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_rate_an_encoder_knows_is_taken() {
        for (wanted, expected) in [
            (44_100, 44_100),
            (12_050, 12_000),
            (96_000, 48_000),
            (8_000, 8_000),
            (0, 8_000),
        ] {
            assert_eq!(
                nearest(AudioEncoderKind::Mp3.rates(), wanted),
                expected,
                "{wanted}"
            );
        }
        assert_eq!(nearest(&[11025, 22050, 44100], 48_000), 44_100);
    }

    #[test]
    fn channels_are_kept_where_the_format_has_them() {
        for (kind, channels, expected) in [
            (AudioEncoderKind::Aac, 6, ("5.1", 6)),
            (AudioEncoderKind::Mp3, 6, ("stereo", 2)),
            (AudioEncoderKind::Aac, 1, ("mono", 1)),
            (AudioEncoderKind::Aac, 24, ("7.1", 8)),
        ] {
            assert_eq!(layout(kind, channels), expected);
        }
    }
}
