//! What encoded sound is like: its sample rate, its channels, its samples.

use crate::av::encode::AudioEncoderKind;
use crate::av::filter::is_plain_layout;
use crate::av::sys::RawStream;
use crate::op::{AacProfile, Avthumb, Container};

/// Layouts by their channels, in the order of channels: those of AAC, which are what players expect elsewhere as well.
const NATURAL: &[(&str, u32)] = &[
    ("mono", 1),
    ("stereo", 2),
    ("3.0", 3),
    ("4.0", 4),
    ("5.0", 5),
    ("5.1", 6),
    ("7.1", 8),
];

/// Sample rates an output may have, ascending; empty if it may have any.
pub(super) fn rates(kind: AudioEncoderKind, container: Container, encoder: &[u32]) -> Vec<u32> {
    let mut rates = match (kind, container) {
        // The container's own field for it knows these three; AAC writes its rate itself.
        (AudioEncoderKind::Mp3, Container::Flv) => vec![11_025, 22_050, 44_100],
        // Takes any, but has settings up to here.
        (AudioEncoderKind::Vorbis, _) => vec![
            8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000,
        ],
        _ => encoder.to_vec(),
    };
    rates.sort_unstable();
    rates
}

/// Layout and channel count the encoder gets. Channels stay as they are where the format has them; where it has not, they
/// are mixed into the most it has.
pub(super) fn layout(kind: AudioEncoderKind, op: &Avthumb, stream: &RawStream) -> (String, u32) {
    let wanted = match op.audio.channels {
        Some(ac) => ac.get().into(),
        None => stream.channels.max(1),
    };
    let known: &[(&'static str, u32)] = match kind {
        AudioEncoderKind::Aac | AudioEncoderKind::FdkAac
            if op.audio.profile == Some(AacProfile::HeV2) =>
        {
            &[("stereo", 2)]
        }
        AudioEncoderKind::Aac | AudioEncoderKind::FdkAac => NATURAL,
        AudioEncoderKind::Mp3 | AudioEncoderKind::Mp2 => &[("mono", 1), ("stereo", 2)],
        AudioEncoderKind::Ac3 | AudioEncoderKind::Eac3 => &[
            ("mono", 1),
            ("stereo", 2),
            ("3.0", 3),
            ("quad(side)", 4),
            ("5.0(side)", 5),
            ("5.1(side)", 6),
        ],
        AudioEncoderKind::Vorbis | AudioEncoderKind::Opus | AudioEncoderKind::Flac => &[
            ("mono", 1),
            ("stereo", 2),
            ("3.0", 3),
            ("quad", 4),
            ("5.0", 5),
            ("5.1", 6),
            ("6.1", 7),
            ("7.1", 8),
        ],
        AudioEncoderKind::Pcm => {
            let own = &stream.channel_layout;
            if wanted == stream.channels && is_plain_layout(own) {
                return (own.clone(), wanted);
            }
            return match wanted {
                1 => ("mono".into(), 1),
                2 => ("stereo".into(), 2),
                more => (format!("{more}c"), more),
            };
        }
    };
    let (name, count) = fullest(known, wanted);
    (name.to_owned(), count)
}

/// The usual layout of so many channels, by libav's name.
pub(crate) fn natural_layout(channels: u32) -> &'static str {
    fullest(NATURAL, channels).0
}

/// The layout with the most channels that is not more than `wanted`.
fn fullest(known: &[(&'static str, u32)], wanted: u32) -> (&'static str, u32) {
    let fitting = known.iter().rev().find(|(_, count)| *count <= wanted);
    fitting.or(known.first()).copied().unwrap_or(("stereo", 2))
}

/// The format of samples to encode from: floats lose least, and where there are none, no more bits than the source has.
pub(super) fn sample_format(formats: &[&'static str], stream: &RawStream) -> &'static str {
    let deep = stream.sample_bits > 16;
    let order: &[&str] = if deep {
        &["fltp", "flt", "s32", "s32p", "s16", "s16p"]
    } else {
        &["fltp", "flt", "s16", "s16p", "s32", "s32p"]
    };
    let known = |name: &&str| formats.iter().find(|format| *format == name).copied();
    order.iter().find_map(known).unwrap_or("s16")
}

/// The known rate closest to `wanted`; of two as close, the higher.
pub(super) fn nearest(rates: &[u32], wanted: u32) -> u32 {
    let distance = |rate: &u32| (rate.abs_diff(wanted), u32::MAX - rate);
    rates.iter().copied().min_by_key(distance).unwrap_or(wanted)
}

/// The lowest known rate that keeps all of a source, or the highest there is.
pub(super) fn fitting(rates: &[u32], source: u32) -> u32 {
    let source = if source == 0 { 44_100 } else { source };
    let enough = rates.iter().copied().find(|&rate| rate >= source);
    enough.or(rates.last().copied()).unwrap_or(source)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::Channels;

    fn stream(channels: u32, layout: &str) -> RawStream {
        RawStream {
            channels,
            channel_layout: layout.into(),
            sample_rate: 44_100,
            ..RawStream::sample()
        }
    }

    #[test]
    fn a_rate_that_is_named_becomes_the_nearest_there_is() {
        let three = [11_025, 22_050, 44_100];
        for (rates, wanted, expected) in [
            (&[8_000, 12_000, 16_000][..], 12_050, 12_000),
            (&[12_000, 16_000], 14_000, 16_000),
            (&three, 48_000, 44_100),
            (&three, 8_000, 11_025),
            (&[], 12_345, 12_345),
        ] {
            assert_eq!(nearest(rates, wanted), expected, "{rates:?} {wanted}");
        }
    }

    #[test]
    fn a_rate_that_is_not_named_keeps_all_of_the_source() {
        let opus = [8_000, 12_000, 16_000, 24_000, 48_000];
        for (rates, source, expected) in [
            (&opus[..], 22_050, 24_000),
            (&opus, 44_100, 48_000),
            (&opus, 96_000, 48_000),
            (&opus, 0, 48_000),
            (&[], 96_000, 96_000),
        ] {
            assert_eq!(fitting(rates, source), expected, "{rates:?} {source}");
        }
    }

    #[test]
    fn channels_are_kept_where_the_format_has_them() {
        use AudioEncoderKind::{Aac, Ac3, Mp3, Opus, Pcm};
        for (kind, channels, own, expected) in [
            (Aac, 6, "5.1", ("5.1", 6)),
            (Aac, 7, "6.1", ("5.1", 6)),
            (Aac, 24, "22.2", ("7.1", 8)),
            (Aac, 1, "mono", ("mono", 1)),
            (Aac, 0, "", ("mono", 1)),
            (Mp3, 6, "5.1", ("stereo", 2)),
            (Opus, 4, "4.0", ("quad", 4)),
            (Ac3, 8, "7.1", ("5.1(side)", 6)),
            (Pcm, 6, "5.1(side)", ("5.1(side)", 6)),
            (Pcm, 3, "2 channels:x", ("3c", 3)),
        ] {
            let op = Avthumb::new(Container::Mkv);
            let (name, count) = layout(kind, &op, &stream(channels, own));
            assert_eq!((name.as_str(), count), expected, "{kind:?} {channels}");
        }
        let mut op = Avthumb::new(Container::Wav);
        op.audio.channels = Channels::new(2);
        let mixed = layout(AudioEncoderKind::Pcm, &op, &stream(6, "5.1"));
        assert_eq!(mixed, ("stereo".to_owned(), 2));
    }
}
