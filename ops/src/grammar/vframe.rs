//! The rows of `vframe` (wire.md 6.2).

use super::table::{Group, Head, Table, parameter};
use super::values::{HEIGHT, PICTURE, ROTATE, TIME, WIDTH};
use crate::op::{Op, Vframe};

pub(super) static TABLE: Table<Vframe> = Table {
    name: "vframe",
    summary: "Takes one picture out of a video.",
    head: Head {
        name: "format",
        range: || PICTURE.range(),
        default: "none, it must be given",
        example: "jpg",
        about: "Output picture",
        make: |text| PICTURE.read(text).map(Vframe::new),
        get: |op| PICTURE.write(&op.format),
    },
    groups: &[("", ROWS)],
    rules: &[],
    wrap: Op::Vframe,
};

const ROWS: Group<Vframe> = &[
    parameter!("offset" => offset: TIME, default "0", example "offset/10.5",
        "Time of the picture; beyond the end of the source the command fails"),
    parameter!("w" => w: WIDTH, default "follows `h`, or the source", example "w/640",
        "Width; with `h` the picture is exactly of that size"),
    parameter!("h" => h: HEIGHT, default "follows `w`, or the source", example "h/360",
        "Height; with `w` the picture is exactly of that size"),
    parameter!("rotate" => rotate: ROTATE, default "auto", example "rotate/90",
        "Turns the picture clockwise from upright; auto is upright, as the source's metadata says"),
];
