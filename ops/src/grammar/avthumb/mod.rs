//! `avthumb` (wire.md 6.1): its container and the rows that are about the whole output. The other rows stand in a file
//! for each group.

mod audio;
mod cut;
mod segment_values;
mod segments;
mod subtitles;
mod video;
mod video_rules;
mod watermark;

use super::rule::Rule;
use super::table::{Group, Head, Parameter, Table, parameter};
use super::values::{CONTAINER, FLAG};
use crate::op::{Avthumb, Op};

pub(super) static TABLE: Table<Avthumb> = Table {
    name: "avthumb",
    summary: "Converts a video or audio file: container, codecs, bit rate, picture size, cut.",
    head: Head {
        name: "container",
        range: || CONTAINER.range(),
        default: "none, it must be given",
        example: "mp4",
        about: "Output container; m4a keeps the video of its source, mp3 and aac hold audio alone, gif holds pictures alone",
        make: |text| CONTAINER.read(text).map(Avthumb::new),
        get: |op| CONTAINER.write(&op.container),
    },
    groups: &[
        ("Video", video::ROWS),
        ("Audio", audio::ROWS),
        ("Time", cut::ROWS),
        ("Streams and file", GENERAL),
        ("Subtitles", subtitles::ROWS),
        ("Watermarks", watermark::ROWS),
        ("HLS and DASH", segments::ROWS),
    ],
    tail: None,
    rules: &[
        video_rules::RULES,
        audio::RULES,
        cut::RULES,
        RULES,
        subtitles::RULES,
        watermark::RULES,
        segments::RULES,
    ],
    wrap: |op| Op::Avthumb(Box::new(op)),
};

/// The parameters that are given, as `name/value`, by what they are about.
pub(crate) struct Asked {
    pub(crate) picture: Vec<String>,
    pub(crate) sound: Vec<String>,
    pub(crate) time: Vec<String>,
    pub(crate) subtitles: Vec<String>,
    /// What is laid over the picture, and how it is cut into files.
    pub(crate) more: Vec<String>,
}

/// What an `avthumb` asks for, in the words it is given in.
pub(crate) fn asked(op: &Avthumb) -> Asked {
    let given = |group: Group<Avthumb>| -> Vec<String> {
        let row = |row: &Parameter<Avthumb>| Some(format!("{}/{}", row.name, (row.get)(op)?));
        group.iter().filter_map(row).collect()
    };
    Asked {
        picture: given(video::ROWS),
        sound: given(audio::ROWS),
        time: given(cut::ROWS),
        subtitles: given(subtitles::ROWS),
        more: [given(watermark::ROWS), given(segments::ROWS)].concat(),
    }
}

const GENERAL: Group<Avthumb> = &[
    parameter!("vn" => vn: FLAG, default "0", example "vn/1",
        "1 drops the video"),
    parameter!("an" => an: FLAG, default "0", example "an/1",
        "1 drops the audio"),
    parameter!("moovToFront" => moov_to_front: FLAG, default "0", example "moovToFront/1",
        "1 puts the index of mp4, mov, m4a, f4v and 3gp before the media, so that playback starts while it loads"),
    parameter!("stripmeta" => stripmeta: FLAG, default "0", example "stripmeta/1",
        "1 drops titles, tags and chapters"),
];

const RULES: &[Rule<Avthumb>] = &[
    Rule::Excludes {
        with: "container",
        when: |op| op.container.is_audio_only(),
        parameters: &["an"],
        why: "the container holds audio alone, so nothing would be left",
    },
    Rule::Excludes {
        with: "vn",
        when: |op| op.vn,
        parameters: &["an"],
        why: "nothing would be left",
    },
];
