//! The rows of `avthumb` about the sound.

use crate::grammar::rule::Rule;
use crate::grammar::table::{Group, parameter};
use crate::grammar::values::BIT_RATE;
use crate::grammar::values::sound::{
    AAC_PROFILE, AUDIO_CODEC, AUDIO_QUALITY, CHANNELS, LOUDNESS, SAMPLE_RATE, VOLUME,
};
use crate::op::{AacProfile, AudioCodec, Avthumb};

pub(super) const ROWS: Group<Avthumb> = &[
    parameter!("acodec" => audio.codec: AUDIO_CODEC, default "the container's usual one", example "acodec/libmp3lame",
        "Audio encoder; copy takes the audio of the source as it is"),
    parameter!("ab" => audio.bit_rate: BIT_RATE, default "64k per channel; 96k for ac3, eac3 and mp2; `aq` 4 for vorbis", example "ab/128k",
        "Audio bit rate; what the codec cannot have becomes the nearest it can"),
    parameter!("aq" => audio.quality: AUDIO_QUALITY, default "none, `ab` decides", example "acodec/libmp3lame/aq/2",
        "Audio quality, the bit rate follows; each codec has a scale of its own"),
    parameter!("ar" => audio.sample_rate: SAMPLE_RATE, default "that of the source", example "ar/44100",
        "Audio sample rate; what the codec or the container cannot have becomes the nearest it can"),
    parameter!("ac" => audio.channels: CHANNELS, default "those of the source", example "ac/2",
        "Audio channels"),
    parameter!("aprofile" => audio.profile: AAC_PROFILE, default "aac_low", example "aprofile/aac_main",
        "Profile of AAC; aac_he and aac_he_v2 need an FFmpeg with libfdk_aac"),
    parameter!("volume" => audio.volume: VOLUME, default "1", example "volume/-3dB",
        "Turns the audio up or down"),
    parameter!("loudnorm" => audio.loudness: LOUDNESS, default "none, the loudness stays", example "loudnorm/-16",
        "Integrated loudness (EBU R 128): measured, then turned up or down as a whole, true peaks kept below -1 dB"),
];

pub(super) const RULES: &[Rule<Avthumb>] = &[
    Rule::Clash {
        parameter: "acodec",
        with: &["container"],
        why: |op| {
            let (codec, known) = (op.audio.codec?, op.container.sound());
            let held = codec == AudioCodec::Copy || known.contains(&codec);
            (!held && !known.is_empty()).then(|| format!("the container holds {}", sound(known)))
        },
    },
    Rule::Excludes {
        with: "acodec",
        when: |op| op.audio.codec == Some(AudioCodec::Copy),
        parameters: &["ab", "aq", "ar", "ac", "aprofile", "volume", "loudnorm"],
        why: "copied audio is not encoded again",
    },
    Rule::Excludes {
        with: "aq",
        when: |op| op.audio.quality.is_some(),
        parameters: &["ab", "multiAb"],
        why: "one asks for a constant quality, the other for a bit rate",
    },
    Rule::Clash {
        parameter: "aq",
        with: &["acodec", "container"],
        why: |op| {
            let (quality, codec) = (op.audio.quality?.get(), op.sound()?);
            match codec.qualities() {
                None => Some(format!("{} audio has no quality to choose", codec.title())),
                Some((least, most, best)) => (!(least..=most).contains(&quality)).then(|| {
                    format!(
                        "the quality of {} audio is {least} to {most}, {best} is best",
                        codec.title()
                    )
                }),
            }
        },
    },
    Rule::Clash {
        parameter: "ab",
        with: &["acodec", "container"],
        why: |op| {
            let codec = op.sound().filter(|codec| codec.is_lossless())?;
            Some(format!(
                "{} audio has no bit rate to choose, as nothing of it is lost",
                codec.title()
            ))
        },
    },
    Rule::Clash {
        parameter: "aprofile",
        with: &["acodec", "container"],
        why: |op| (op.sound()? != AudioCodec::Aac).then(|| "only AAC has these profiles".into()),
    },
    Rule::Clash {
        parameter: "aprofile",
        with: &["ac"],
        why: |op| {
            let mono = op.audio.channels?.get() == 1;
            (mono && op.audio.profile == Some(AacProfile::HeV2))
                .then(|| "this profile is for stereo".into())
        },
    },
    Rule::Excludes {
        with: "volume",
        when: |op| op.audio.volume.is_some(),
        parameters: &["loudnorm"],
        why: "one turns the sound up from what it is, the other to what it is to be",
    },
];

/// `AAC, AC-3 and Opus audio`.
fn sound(codecs: &[AudioCodec]) -> String {
    let names: Vec<&str> = codecs.iter().map(|codec| codec.title()).collect();
    match names.split_last() {
        Some((last, [])) => format!("{last} audio alone"),
        Some((last, others)) => format!("{} and {last} audio", others.join(", ")),
        None => String::new(),
    }
}
