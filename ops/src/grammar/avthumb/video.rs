//! The rows of `avthumb` about the picture.

use crate::grammar::rule::Rule;
use crate::grammar::table::{Group, parameter};
use crate::grammar::values::{BIT_RATE, CRF, FLAG, FRAME_RATE, PRESET, ROTATE, SIZE, VIDEO_CODEC};
use crate::op::{Avthumb, Container, Rotate, VideoCodec};

pub(super) const ROWS: Group<Avthumb> = &[
    parameter!("vcodec" => video.codec: VIDEO_CODEC, default "libx264", example "vcodec/libx265",
        "Video encoder; copy takes the video of the source as it is"),
    parameter!("vb" => video.bit_rate: BIT_RATE, default "what `crf` takes, at most that of the source", example "vb/1.25m",
        "Video bit rate; without effect on mp3 and aac"),
    parameter!("r" => video.rate: FRAME_RATE, default "that of the source", example "r/29.97",
        "Frame rate"),
    parameter!("s" => video.size: SIZE, default "that of the source", example "s/640x360",
        "Picture size; a side left out follows the aspect ratio; odd sides are rounded to even"),
    parameter!("autoscale" => video.autoscale: FLAG, default "0", example "s/640x360/autoscale/1",
        "1 keeps the aspect ratio inside `s` instead of stretching to it"),
    parameter!("rotate" => video.rotate: ROTATE, default "auto", example "rotate/90",
        "Turns the picture clockwise from upright; auto is upright, as the source's metadata says"),
    parameter!("preset" => video.preset: PRESET, default "medium", example "preset/veryfast",
        "Encoder speed against file size"),
    parameter!("crf" => video.crf: CRF, default "23 for libx264, 28 for libx265", example "crf/23",
        "Constant picture quality, 0 best; the bit rate follows"),
];

pub(super) const RULES: &[Rule<Avthumb>] = &[
    Rule::Excludes {
        with: "container",
        when: |op| op.container.is_audio_only(),
        parameters: &["vcodec", "r", "s", "autoscale", "rotate", "preset", "crf"],
        why: "the container holds audio alone",
    },
    Rule::Excludes {
        with: "container",
        when: |op| op.container == Container::Flv && op.video.codec == Some(VideoCodec::X265),
        parameters: &["vcodec"],
        why: "the container holds no H.265 video",
    },
    Rule::Excludes {
        with: "vcodec",
        when: |op| op.video.codec == Some(VideoCodec::Copy),
        parameters: &["s", "r", "vb", "crf", "preset"],
        why: "copied video is not encoded again",
    },
    Rule::Excludes {
        with: "vcodec",
        when: |op| {
            op.video.codec == Some(VideoCodec::Copy) && op.video.rotate != Some(Rotate::Auto)
        },
        parameters: &["rotate"],
        why: "copied video is not encoded again; allowed: rotate/auto",
    },
    Rule::Excludes {
        with: "crf",
        when: |op| op.video.crf.is_some(),
        parameters: &["vb"],
        why: "one asks for a constant quality, the other for a bit rate",
    },
    Rule::Needs {
        parameter: "autoscale",
        needs: "s",
        hint: "`s` is the size the picture is to fit in",
    },
];
