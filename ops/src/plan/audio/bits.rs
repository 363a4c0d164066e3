//! How many bits encoded sound gets.

use crate::av::encode::{AudioEncoderKind, AudioRate};
use crate::op::{AacProfile, AudioCodec, Avthumb};

/// `FF_QP2LAMBDA`: a step of the quality scales of MP3 and Vorbis.
const STEP: u32 = 118;

/// How the encoder spends bits: as asked for, as far as format, sample rate and channels carry it.
pub(super) fn rate(
    op: &Avthumb,
    codec: AudioCodec,
    kind: AudioEncoderKind,
    rate: u32,
    channels: u32,
) -> AudioRate {
    if codec.is_lossless() {
        return AudioRate::Lossless;
    }
    let quality = op.audio.quality.map(|aq| u32::from(aq.get()));
    match (codec, quality) {
        // 100 is some 120 kbit/s of stereo, as it was with libfaac.
        (AudioCodec::Aac, Some(quality)) => return AudioRate::Quality(quality * STEP / 100),
        (_, Some(quality)) => return AudioRate::Quality(quality * STEP),
        // Its quality scale fits every sample rate, its bit rates do not.
        (AudioCodec::Vorbis, None) if op.audio.bit_rate.is_none() => {
            return AudioRate::Quality(4 * STEP);
        }
        _ => {}
    }
    let usual = match op.audio.profile {
        Some(AacProfile::HeV2) => 16_000,
        Some(AacProfile::He) => 32_000,
        _ => usual_bits(codec),
    };
    let usual = usual * u64::from(channels);
    let asked = op.audio.bit_rate.map_or(usual, |ab| ab.get());
    AudioRate::Bits(carried(kind, asked, rate, channels))
}

/// Bits a second and channel when nothing is said about it.
pub(in crate::plan) fn usual_bits(codec: AudioCodec) -> u64 {
    match codec {
        AudioCodec::Ac3 | AudioCodec::Eac3 | AudioCodec::Mp2 => 96_000,
        _ => 64_000,
    }
}

/// The bit rate nearest to the one asked for that the format has at this sample rate.
fn carried(kind: AudioEncoderKind, asked: u64, rate: u32, channels: u32) -> u64 {
    let each = |(least, most): (u64, u64)| {
        let channels = u64::from(channels);
        asked.clamp(least * channels, most * channels)
    };
    match kind {
        AudioEncoderKind::Mp3 => asked.clamp(
            if rate > 24_000 { 32_000 } else { 8_000 },
            match rate {
                0..=12_000 => 64_000,
                12_001..=24_000 => 160_000,
                _ => 320_000,
            },
        ),
        AudioEncoderKind::Aac | AudioEncoderKind::FdkAac => each((1_000, 6 * u64::from(rate))),
        AudioEncoderKind::Opus => each((1_000, 256_000)),
        AudioEncoderKind::Vorbis => each(vorbis_span(rate, channels)),
        AudioEncoderKind::Ac3 | AudioEncoderKind::Eac3 => asked.clamp(40_000, 640_000),
        AudioEncoderKind::Mp2 => nearest_of(mp2_rates(rate, channels), asked),
        AudioEncoderKind::Flac | AudioEncoderKind::Pcm => asked,
    }
}

/// Bits a second and channel between which libvorbis has settings for a sample rate; stereo is coupled, so it goes lower.
fn vorbis_span(rate: u32, channels: u32) -> (u64, u64) {
    let (alone, coupled, most) = match rate {
        0..=8_999 => (8_000, 6_000, 32_000),
        9_000..=14_999 => (12_000, 8_000, 44_000),
        15_000..=18_999 => (16_000, 12_000, 86_000),
        19_000..=25_999 => (16_000, 16_000, 80_000),
        26_000..=39_999 => (32_000, 18_000, 160_000),
        _ => (32_000, 24_000, 220_000),
    };
    (if channels == 2 { coupled } else { alone }, most)
}

/// Bit rates of MPEG-1 (above 24 kHz) and MPEG-2 layer II; in MPEG-1 mono ends where stereo has long begun.
fn mp2_rates(rate: u32, channels: u32) -> &'static [u64] {
    const MPEG1: &[u64] = &[
        32_000, 48_000, 56_000, 64_000, 80_000, 96_000, 112_000, 128_000, 160_000, 192_000,
        224_000, 256_000, 320_000, 384_000,
    ];
    const MPEG2: &[u64] = &[
        8_000, 16_000, 24_000, 32_000, 40_000, 48_000, 56_000, 64_000, 80_000, 96_000, 112_000,
        128_000, 144_000, 160_000,
    ];
    match (rate, channels) {
        (0..=24_000, _) => MPEG2,
        (_, 1) => &MPEG1[..10],
        _ => &MPEG1[5..],
    }
}

/// The known bit rate closest to `wanted`; of two as close, the higher.
fn nearest_of(rates: &[u64], wanted: u64) -> u64 {
    let distance = |rate: &u64| (rate.abs_diff(wanted), u64::MAX - rate);
    rates.iter().copied().min_by_key(distance).unwrap_or(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bit_rate_stays_within_what_the_format_has() {
        use AudioEncoderKind::{Aac, Ac3, Mp2, Mp3, Opus, Vorbis};
        for (kind, asked, rate, channels, expected) in [
            (Mp3, 320_000, 44_100, 2, 320_000),
            (Mp3, 320_000, 22_050, 2, 160_000),
            (Mp3, 1_000, 44_100, 2, 32_000),
            (Aac, 512_000, 8_000, 1, 48_000),
            (Opus, 1_000_000, 48_000, 2, 512_000),
            (Vorbis, 16_000, 44_100, 2, 48_000),
            (Vorbis, 16_000, 44_100, 1, 32_000),
            (Vorbis, 500_000, 8_000, 1, 32_000),
            (Ac3, 1_000, 48_000, 2, 40_000),
            (Mp2, 100_000, 44_100, 2, 96_000),
            (Mp2, 320_000, 48_000, 1, 192_000),
            (Mp2, 1_000, 48_000, 2, 96_000),
            (Mp2, 1_000, 16_000, 2, 8_000),
        ] {
            let given = carried(kind, asked, rate, channels);
            assert_eq!(given, expected, "{kind:?} {asked} {rate} {channels}");
        }
    }
}
