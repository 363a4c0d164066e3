//! The rows of `vsample` (wire.md 6.3).

use super::frames::{CELLS, COUNT, GAP, PATTERN, PLAIN_COLOUR, TENTHS};
use super::rule::Rule;
use super::table::{Group, Head, Table, parameter};
use super::values::{LENGTH, PICTURE, ROTATE, SIZE, TIME};
use crate::op::{Op, Vsample};

pub(super) static TABLE: Table<Vsample> = Table {
    name: "vsample",
    summary: "Takes many pictures out of a part of a video; `vframe` as another service spells it.",
    head: Head {
        name: "format",
        range: || PICTURE.range(),
        default: "none, it must be given",
        example: "jpg",
        about: "Output picture",
        make: |text| PICTURE.read(text).map(Vsample::new),
        get: |op| PICTURE.write(&op.format),
    },
    groups: &[("Pictures", PICTURES), ("Sheets", SHEETS)],
    tail: None,
    rules: &[RULES],
    wrap: |op| Op::Vsample(Box::new(op)),
};

const PICTURES: Group<Vsample> = &[
    parameter!("ss" => start: TIME, default "0", example "ss/7",
        "Where the part begins"),
    parameter!("t" => length: LENGTH, default "to the end of the source", example "t/600",
        "How long the part is"),
    parameter!("s" => size: SIZE, default "that of the source", example "s/480x360",
        "Size of the pictures; a side left out follows the aspect ratio"),
    parameter!("rotate" => rotate: ROTATE, default "auto", example "rotate/90",
        "Turns the pictures clockwise from upright; auto is upright, as the source's metadata says"),
    parameter!("interval" => interval: TENTHS, default "5", example "interval/2.5",
        "Time between two pictures"),
    parameter!("frames" => frames: COUNT, default "–", example "frames/10",
        "So many pictures at even distances, at most as many as the part has"),
    parameter!("savePattern" | "pattern" => pattern: PATTERN, default "the target, numbered", example "savePattern/dmZyYW1lLSQoY291bnQp",
        "Keys of the pictures; $(count) is the number of the picture in six digits"),
];

const SHEETS: Group<Vsample> = &[
    parameter!("spriteFormat" => sheet.format: PICTURE, default "that of the pictures", example "spriteFormat/png",
        "Lays the pictures out on sheets of this format, as does each of the parameters below; single pictures are kept only with `savePattern`"),
    parameter!("cellSize" => sheet.cell: SIZE, default "that of the pictures", example "cellSize/160x90",
        "Size of a picture on a sheet"),
    parameter!("padding" => sheet.padding: GAP, default "0", example "padding/4",
        "Space between the pictures of a sheet"),
    parameter!("margin" => sheet.margin: GAP, default "0", example "margin/8",
        "Space around the pictures of a sheet"),
    parameter!("color" => sheet.color: PLAIN_COLOUR, default "black", example "color/white",
        "Colour of a sheet where there is no picture"),
    parameter!("lines" => sheet.lines: CELLS, default "10", example "lines/5",
        "Rows of a sheet"),
    parameter!("columns" => sheet.columns: CELLS, default "10", example "columns/4",
        "Columns of a sheet"),
    parameter!("saveSpritePattern" | "spritePattern" => sheet.pattern: PATTERN, default "the target, numbered", example "saveSpritePattern/c3ByaXRlLSQoY291bnQpLmpwZw==",
        "Keys of the sheets; $(count) is the number of the sheet in six digits"),
];

const RULES: &[Rule<Vsample>] = &[Rule::Excludes {
    with: "interval",
    when: |op| op.interval.is_some(),
    parameters: &["frames"],
    why: "each of them says which pictures to take",
}];
