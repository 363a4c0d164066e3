//! The rows of `avthumb` about the sound.

use crate::grammar::rule::Rule;
use crate::grammar::table::{Group, parameter};
use crate::grammar::values::{AUDIO_CODEC, BIT_RATE, CHANNELS, SAMPLE_RATE};
use crate::op::{AudioCodec, Avthumb, Container};

pub(super) const ROWS: Group<Avthumb> = &[
    parameter!("acodec" => audio.codec: AUDIO_CODEC, default "aac, or libmp3lame for mp3", example "acodec/libmp3lame",
        "Audio encoder; copy takes the audio of the source as it is"),
    parameter!("ab" => audio.bit_rate: BIT_RATE, default "64k per channel", example "ab/128k",
        "Audio bit rate"),
    parameter!("ar" => audio.sample_rate: SAMPLE_RATE, default "that of the source", example "ar/44100",
        "Audio sample rate"),
    parameter!("ac" => audio.channels: CHANNELS, default "those of the source", example "ac/2",
        "Audio channels"),
];

pub(super) const RULES: &[Rule<Avthumb>] = &[
    Rule::Excludes {
        with: "container",
        when: |op| op.container == Container::Mp3 && op.audio.codec == Some(AudioCodec::Aac),
        parameters: &["acodec"],
        why: "the container holds MP3 audio alone",
    },
    Rule::Excludes {
        with: "container",
        when: |op| op.container == Container::Aac && op.audio.codec == Some(AudioCodec::Mp3),
        parameters: &["acodec"],
        why: "the container holds AAC audio alone",
    },
    Rule::Excludes {
        with: "acodec",
        when: |op| op.audio.codec == Some(AudioCodec::Copy),
        parameters: &["ab", "ar", "ac"],
        why: "copied audio is not encoded again",
    },
];
