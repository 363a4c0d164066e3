//! The row of `decompression` (wire.md 6.8).

use super::kind::Kind;
use super::table::{Group, Head, Table, parameter};
use crate::archive::Format;
use crate::op::{Decompression, Folder, Op};

pub(super) static TABLE: Table<Decompression> = Table {
    name: "decompression",
    summary: "Unpacks an archive: every file in it becomes an object, and the target a list of their keys, a line each.",
    head: Head {
        name: "archive",
        range: || FORMAT.range(),
        default: "none, it must be given",
        example: "zip",
        about: "What the source is; tar may be compressed with gzip, and gzip may hold one file or a tar",
        make: |text| FORMAT.read(text).map(Decompression::new),
        get: |op| FORMAT.write(&op.format),
    },
    groups: &[("", ROWS)],
    tail: None,
    rules: &[],
    wrap: Op::Decompression,
};

const ROWS: Group<Decompression> = &[
    parameter!("dir" => dir: FOLDER, default "beside the source, called as the source without its suffix", example "dir/Ymt0OnBob3Rvcw==",
        "Folder the files go to, with the folders of the archive below it"),
];

const FORMAT: Kind<Format> = Kind::AnyCase(&[
    ("zip", Format::Zip),
    ("tar", Format::Tar),
    ("gzip", Format::Gzip),
    ("7z", Format::SevenZip),
]);

const FOLDER: Kind<Folder> = Kind::Other {
    name: "folder",
    range: "URL-safe base64 of bucket:dir, or bucket:dir in plain text if `dir` has no `/`; bucket: alone is all of it",
    read: |text| Folder::parse(text).ok(),
    write: Folder::to_b64u,
};
