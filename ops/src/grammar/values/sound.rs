//! The kinds of values that are about sound. The audio rows of `avthumb` point at them; ranges come from `crate::op`.

use crate::grammar::kind::{Kind, fixed, thousandths};
use crate::op::{AacProfile, AudioCodec, AudioQuality, Channels, Loudness, SampleRate, Volume};

pub(in crate::grammar) const AUDIO_CODEC: Kind<AudioCodec> = Kind::Names(&[
    ("aac", AudioCodec::Aac),
    ("libfaac", AudioCodec::Aac),
    ("libfdk_aac", AudioCodec::Aac),
    ("libmp3lame", AudioCodec::Mp3),
    ("mp3", AudioCodec::Mp3),
    ("libvorbis", AudioCodec::Vorbis),
    ("vorbis", AudioCodec::Vorbis),
    ("opus", AudioCodec::Opus),
    ("libopus", AudioCodec::Opus),
    ("ac3", AudioCodec::Ac3),
    ("eac3", AudioCodec::Eac3),
    ("mp2", AudioCodec::Mp2),
    ("flac", AudioCodec::Flac),
    ("pcm_s16le", AudioCodec::Pcm),
    ("pcm", AudioCodec::Pcm),
    ("copy", AudioCodec::Copy),
]);

pub(in crate::grammar) const AAC_PROFILE: Kind<AacProfile> = Kind::Names(&[
    ("aac_low", AacProfile::Low),
    ("aac_main", AacProfile::Main),
    ("aac_he", AacProfile::He),
    ("aac_he_v2", AacProfile::HeV2),
]);

/// The scale of each codec is a part of this; a rule tells which.
pub(in crate::grammar) const AUDIO_QUALITY: Kind<AudioQuality> = Kind::Integer {
    min: 0,
    max: 500,
    unit: " (mp3: 0 best to 9; vorbis: 0 to 10 best; aac: 10 to 500 best)",
    make: |n| AudioQuality::new(n.try_into().ok()?),
    get: |quality| quality.get().into(),
};

pub(in crate::grammar) const SAMPLE_RATE: Kind<SampleRate> = Kind::Integer {
    min: SampleRate::MIN as u64,
    max: SampleRate::MAX as u64,
    unit: " Hz",
    make: |n| SampleRate::new(n.try_into().ok()?),
    get: |rate| rate.get().into(),
};

pub(in crate::grammar) const CHANNELS: Kind<Channels> = Kind::Integer {
    min: Channels::MIN as u64,
    max: Channels::MAX as u64,
    unit: " channels",
    make: |n| Channels::new(n.try_into().ok()?),
    get: |channels| channels.get().into(),
};

pub(in crate::grammar) const VOLUME: Kind<Volume> = Kind::Other {
    name: "volume",
    range: "0 to 2 as a multiplier, or -10dB to 10dB, up to 3 decimals",
    read: |text| match text.strip_suffix("dB").or(text.strip_suffix("db")) {
        Some(decibels) => Volume::decibels(signed(decibels)?.try_into().ok()?),
        None => Volume::times(fixed(text, 3)?.try_into().ok()?),
    },
    write: |volume| match *volume {
        Volume::Times(n) => thousandths(n.into()),
        Volume::Decibels(n) => format!("{}dB", minus(n.into())),
    },
};

pub(in crate::grammar) const LOUDNESS: Kind<Loudness> = Kind::Other {
    name: "loudness",
    range: "-70 to -5 LUFS, up to 3 decimals",
    read: |text| Loudness::from_millis(signed(text)?.try_into().ok()?),
    write: |loudness| minus(loudness.0.into()),
};

/// Thousandths of a decimal number that may have a sign.
fn signed(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let thousandths: i64 = fixed(digits, 3)?.try_into().ok()?;
    Some(sign * thousandths)
}

/// The canonical text of thousandths that may be negative.
fn minus(n: i64) -> String {
    let sign = if n < 0 { "-" } else { "" };
    format!("{sign}{}", thousandths(n.unsigned_abs()))
}
