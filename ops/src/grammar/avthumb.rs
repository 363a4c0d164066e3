//! The rows of `avthumb` (wire.md 6.1).

use super::rule::Rule;
use super::table::{Head, Parameter, Table, parameter};
use super::values::{
    AUDIO_CODEC, BIT_RATE, CHANNELS, CONTAINER, CRF, FLAG, FRAME_RATE, LENGTH, PRESET, ROTATE,
    SAMPLE_RATE, SIZE, TIME, VIDEO_CODEC,
};
use crate::op::{AudioCodec, Avthumb, Container, Op, Rotate, VideoCodec};

pub(super) static TABLE: Table<Avthumb> = Table {
    name: "avthumb",
    summary: "Converts a video or audio file: container, codecs, bit rate, picture size, cut.",
    head: Head {
        name: "container",
        range: || CONTAINER.range(),
        default: "none, it must be given",
        example: "mp4",
        about: "Output container; m4a keeps the video of its source, mp3 and aac hold audio alone",
        make: |text| CONTAINER.read(text).map(Avthumb::new),
        get: |op| CONTAINER.write(&op.container),
    },
    parameters: PARAMETERS,
    rules: RULES,
    wrap: |op| Op::Avthumb(Box::new(op)),
};

const PARAMETERS: &[Parameter<Avthumb>] = &[
    parameter!("vcodec" => vcodec: VIDEO_CODEC, default "libx264", example "vcodec/libx265",
        "Video encoder; copy takes the video of the source as it is"),
    parameter!("acodec" => acodec: AUDIO_CODEC, default "aac, or libmp3lame for mp3", example "acodec/libmp3lame",
        "Audio encoder; copy takes the audio of the source as it is"),
    parameter!("vb" => vb: BIT_RATE, default "what `crf` takes, at most that of the source", example "vb/1.25m",
        "Video bit rate; without effect on mp3 and aac"),
    parameter!("ab" => ab: BIT_RATE, default "64k per channel", example "ab/128k",
        "Audio bit rate"),
    parameter!("r" => r: FRAME_RATE, default "that of the source", example "r/29.97",
        "Frame rate"),
    parameter!("s" => s: SIZE, default "that of the source", example "s/640x360",
        "Picture size; a side left out follows the aspect ratio; odd sides are rounded to even"),
    parameter!("autoscale" => autoscale: FLAG, default "0", example "s/640x360/autoscale/1",
        "1 keeps the aspect ratio inside `s` instead of stretching to it"),
    parameter!("ar" => ar: SAMPLE_RATE, default "that of the source", example "ar/44100",
        "Audio sample rate"),
    parameter!("ac" => ac: CHANNELS, default "those of the source", example "ac/2",
        "Audio channels"),
    parameter!("ss" => ss: TIME, default "0", example "ss/12.5",
        "Where to start in the source"),
    parameter!("t" => t: LENGTH, default "to the end of the source", example "t/30",
        "How much of the source to take"),
    parameter!("vn" => vn: FLAG, default "0", example "vn/1",
        "1 drops the video"),
    parameter!("an" => an: FLAG, default "0", example "an/1",
        "1 drops the audio"),
    parameter!("rotate" => rotate: ROTATE, default "auto", example "rotate/90",
        "Turns the picture clockwise from upright; auto is upright, as the source's metadata says"),
    parameter!("moovToFront" => moov_to_front: FLAG, default "0", example "moovToFront/1",
        "1 puts the index of mp4, mov and m4a before the media, so that playback starts while it loads"),
    parameter!("stripmeta" => stripmeta: FLAG, default "0", example "stripmeta/1",
        "1 drops titles, tags and chapters"),
    parameter!("preset" => preset: PRESET, default "medium", example "preset/veryfast",
        "Encoder speed against file size"),
    parameter!("crf" => crf: CRF, default "23 for libx264, 28 for libx265", example "crf/23",
        "Constant picture quality, 0 best; the bit rate follows"),
];

const RULES: &[Rule<Avthumb>] = &[
    Rule::Excludes {
        with: "container",
        when: |op| op.container.is_audio_only(),
        parameters: &["vcodec", "r", "s", "autoscale", "rotate", "preset", "crf"],
        why: "the container holds audio alone",
    },
    Rule::Excludes {
        with: "container",
        when: |op| op.container.is_audio_only(),
        parameters: &["an"],
        why: "the container holds audio alone, so nothing would be left",
    },
    Rule::Excludes {
        with: "container",
        when: |op| op.container == Container::Mp3 && op.acodec == Some(AudioCodec::Aac),
        parameters: &["acodec"],
        why: "the container holds MP3 audio alone",
    },
    Rule::Excludes {
        with: "container",
        when: |op| op.container == Container::Aac && op.acodec == Some(AudioCodec::Mp3),
        parameters: &["acodec"],
        why: "the container holds AAC audio alone",
    },
    Rule::Excludes {
        with: "container",
        when: |op| op.container == Container::Flv && op.vcodec == Some(VideoCodec::X265),
        parameters: &["vcodec"],
        why: "the container holds no H.265 video",
    },
    Rule::Excludes {
        with: "vcodec",
        when: |op| op.vcodec == Some(VideoCodec::Copy),
        parameters: &["s", "r", "vb", "crf", "preset"],
        why: "copied video is not encoded again",
    },
    Rule::Excludes {
        with: "vcodec",
        when: |op| op.vcodec == Some(VideoCodec::Copy) && op.rotate != Some(Rotate::Auto),
        parameters: &["rotate"],
        why: "copied video is not encoded again; allowed: rotate/auto",
    },
    Rule::Excludes {
        with: "acodec",
        when: |op| op.acodec == Some(AudioCodec::Copy),
        parameters: &["ab", "ar", "ac"],
        why: "copied audio is not encoded again",
    },
    Rule::Excludes {
        with: "vn",
        when: |op| op.vn,
        parameters: &["an"],
        why: "nothing would be left",
    },
    Rule::Excludes {
        with: "crf",
        when: |op| op.crf.is_some(),
        parameters: &["vb"],
        why: "one asks for a constant quality, the other for a bit rate",
    },
    Rule::Needs {
        parameter: "autoscale",
        needs: "s",
        hint: "`s` is the size the picture is to fit in",
    },
];
