//! `getapic` (wire.md 6.7): its first segment is all there is.

use super::kind::Kind;
use super::table::{Head, Table};
use crate::op::{Getapic, Op, StillFormat};

pub(super) static TABLE: Table<Getapic> = Table {
    name: "getapic",
    summary: "Takes the picture out of an audio file: the cover of an album.",
    head: Head {
        name: "format",
        range: || FORMAT.range(),
        default: "none, it must be given",
        example: "jpg",
        about: "Output picture; one that is of this format already is kept as it is",
        make: |text| FORMAT.read(text).map(|format| Getapic { format }),
        get: |op| FORMAT.write(&op.format),
    },
    groups: &[],
    tail: None,
    rules: &[],
    wrap: Op::Getapic,
};

const FORMAT: Kind<StillFormat> = Kind::AnyCase(&[
    ("jpg", StillFormat::Jpg),
    ("jpeg", StillFormat::Jpg),
    ("png", StillFormat::Png),
]);
