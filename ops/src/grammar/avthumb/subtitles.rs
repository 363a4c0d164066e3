//! The rows of `avthumb` about subtitles.

use crate::grammar::rule::Rule;
use crate::grammar::table::{Group, parameter};
use crate::grammar::tracks::{SUBTITLE_LABELS, SUBTITLE_WAY, SUBTITLES};
use crate::op::{Avthumb, SubtitleWay, TextCodec, VideoCodec};

pub(super) const ROWS: Group<Avthumb> = &[
    parameter!("subtitle" => subtitles.sources: SUBTITLES, default "none", example "subtitle/dGVzdDoxLnNydA==",
        "Subtitles: SubRip, WebVTT or ASS files in UTF-8, the subtitle streams of another film, or those of the source (`embed`)"),
    parameter!("subtitleType" => subtitles.way: SUBTITLE_WAY, default "0", example "subtitle/dGVzdDoxLnNydA==/subtitleType/2",
        "0 puts them in as tracks where the container holds text, else as 2; 1 as tracks; 2 draws the first one into the picture"),
    parameter!("subtitleAttr" => subtitles.labels: SUBTITLE_LABELS, default "what the files say", example "subtitle/dGVzdDoxLnNydA==/subtitleAttr/bGFuZz1lbixuYW1lPUVuZ2xpc2g=",
        "Language and name of the tracks, for each subtitle"),
];

pub(super) const RULES: &[Rule<Avthumb>] = &[
    Rule::Excludes {
        with: "container",
        when: |op| op.container.is_audio_only(),
        parameters: &["subtitle"],
        why: "the container holds audio alone",
    },
    Rule::Needs {
        parameter: "subtitleType",
        needs: "subtitle",
        hint: "`subtitle` names the subtitles",
    },
    Rule::Needs {
        parameter: "subtitleAttr",
        needs: "subtitle",
        hint: "`subtitle` names the subtitles",
    },
    Rule::Excludes {
        with: "container",
        when: |op| {
            op.subtitles.way == Some(SubtitleWay::Soft) && TextCodec::of(op.container).is_none()
        },
        parameters: &["subtitleType"],
        why: "the container holds no text tracks; allowed: subtitleType/2, or mp4, mov, m4a, 3gp, mkv or webm",
    },
    Rule::Excludes {
        with: "vcodec",
        when: |op| {
            op.video.codec == Some(VideoCodec::Copy) && op.subtitles.are_burned(op.container)
        },
        parameters: &["subtitle"],
        why: "they would be drawn into the picture, and copied video is not encoded again",
    },
    Rule::Excludes {
        with: "vn",
        when: |op| op.vn && op.subtitles.are_burned(op.container),
        parameters: &["subtitle"],
        why: "they would be drawn into the picture, and there is none",
    },
    Rule::Excludes {
        with: "subtitle",
        when: |op| {
            let sources = op
                .subtitles
                .sources
                .as_ref()
                .map(|list| list.as_slice().len());
            let labels = op
                .subtitles
                .labels
                .as_ref()
                .map(|list| list.as_slice().len());
            labels.is_some() && labels != sources
        },
        parameters: &["subtitleAttr"],
        why: "there is one entry for each subtitle",
    },
];
