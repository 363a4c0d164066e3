//! The rows of `vframe` (wire.md 6.2).

use super::frames::{COUNT, FRAME_FORMAT, GRID, INTERVAL, MODE, OFFSETS};
use super::rule::Rule;
use super::table::{Group, Head, Table, parameter};
use super::values::{FLAG, HEIGHT, LENGTH, ROTATE, TIME, WIDTH};
use crate::op::{FrameFormat, Op, Vframe};

pub(super) static TABLE: Table<Vframe> = Table {
    name: "vframe",
    summary: "Takes pictures out of a video: one, several, sheets of them, or a moving one.",
    head: Head {
        name: "format",
        range: || FRAME_FORMAT.range(),
        default: "none, it must be given",
        example: "jpg",
        about: "Output picture; a gif moves",
        make: |text| FRAME_FORMAT.read(text).map(Vframe::new),
        get: |op| FRAME_FORMAT.write(&op.format),
    },
    groups: &[
        ("Which pictures", MOMENTS),
        ("Size", SIZE),
        ("Files", FILES),
    ],
    tail: None,
    rules: &[MOMENT_RULES, SIZE_RULES, FILE_RULES],
    wrap: |op| Op::Vframe(Box::new(op)),
};

const MOMENTS: Group<Vframe> = &[
    parameter!("offset" => offset: TIME, default "0", example "offset/10.5",
        "Time of the picture, or where a gif begins; beyond the end of the source the command fails"),
    parameter!("offsets" => offsets: OFFSETS, default "–", example "offsets/1:2.5:10",
        "A picture for each of these times; beyond the end of the source the command fails"),
    parameter!("interval" => interval: INTERVAL, default "–", example "interval/5",
        "A picture every so many seconds, from the start to the end, each within half of that of its time"),
    parameter!("vframeN" => vframe_n: COUNT, default "–", example "vframeN/10",
        "So many pictures at even distances; number i of n, counted from 0, at i n-ths of the length, within half a distance"),
    parameter!("t" => length: LENGTH, default "5", example "t/3",
        "Length of a gif; pictures have none"),
];

const SIZE: Group<Vframe> = &[
    parameter!("w" => w: WIDTH, default "follows `h`, or the source", example "w/640",
        "Width; with `h` the picture is exactly of that size"),
    parameter!("h" => h: HEIGHT, default "follows `w`, or the source", example "h/360",
        "Height; with `w` the picture is exactly of that size"),
    parameter!("mode" => mode: MODE, default "–", example "w/320/h/320/mode/1",
        "Keeps the aspect ratio and never enlarges: 1 covers `w` and `h` and is cut to them, 2 fits inside, 3 covers; of one side alone 1 and 3 make a square"),
    parameter!("autofill" => autofill: FLAG, default "0", example "w/320/h/320/autofill/1",
        "1 keeps the aspect ratio inside `w` and `h` and fills the rest with black"),
    parameter!("rotate" => rotate: ROTATE, default "auto", example "rotate/90",
        "Turns the picture clockwise from upright; auto is upright, as the source's metadata says"),
];

const FILES: Group<Vframe> = &[
    parameter!("sprite" => sprite: GRID, default "–", example "interval/5/sprite/5x5/w/160",
        "Lays the pictures of `interval` out on sheets of so many rows and columns; a WebVTT file beside them tells what stands where"),
    parameter!("isZip" => is_zip: FLAG, default "0", example "interval/5/isZip/1",
        "1 delivers the pictures in one ZIP file"),
];

const ONE_CHOICE: &str = "each of them says which pictures to take";

const MOMENT_RULES: &[Rule<Vframe>] = &[
    Rule::Excludes {
        with: "format",
        when: |op| op.format == FrameFormat::Gif,
        parameters: &["offsets", "interval", "vframeN", "sprite", "isZip"],
        why: "a gif is one moving picture; allowed: offset, t",
    },
    Rule::Excludes {
        with: "format",
        when: |op| op.format != FrameFormat::Gif,
        parameters: &["t"],
        why: "only a gif has a length",
    },
    Rule::Excludes {
        with: "offset",
        when: |op| op.offset.is_some(),
        parameters: &["offsets", "interval", "vframeN"],
        why: ONE_CHOICE,
    },
    Rule::Excludes {
        with: "offsets",
        when: |op| op.offsets.is_some(),
        parameters: &["interval", "vframeN"],
        why: ONE_CHOICE,
    },
    Rule::Excludes {
        with: "interval",
        when: |op| op.interval.is_some(),
        parameters: &["vframeN"],
        why: ONE_CHOICE,
    },
];

const SIZE_RULES: &[Rule<Vframe>] = &[
    Rule::NeedsAny {
        parameter: "mode",
        any: &["w", "h"],
        hint: "it says how the picture fits them",
    },
    Rule::Excludes {
        with: "mode",
        when: |op| op.mode.is_some(),
        parameters: &["autofill"],
        why: "each of them says how the picture fits `w` and `h`",
    },
    Rule::Needs {
        parameter: "autofill",
        needs: "w",
        hint: "the size to fill is `w` and `h`",
    },
    Rule::Needs {
        parameter: "autofill",
        needs: "h",
        hint: "the size to fill is `w` and `h`",
    },
];

const FILE_RULES: &[Rule<Vframe>] = &[Rule::Needs {
    parameter: "sprite",
    needs: "interval",
    hint: "the sheets hold a picture every so many seconds",
}];
