//! The list of ops. A new op is a variant of [`Op`], a table, and a line in each of the two functions here.

use super::segment::Segment;
use super::table::AnyTable;
use super::{
    avconcat, avthumb, bare, decompression, getapic, image_view, nearest, vframe, vsample,
};
use crate::error::CommandError;
use crate::op::Op;

/// Every op, in the order of the reference.
pub(crate) static TABLES: &[&dyn AnyTable] = &[
    &avthumb::TABLE,
    &vframe::TABLE,
    &vsample::TABLE,
    &avconcat::TABLE,
    &image_view::TABLE,
    &getapic::TABLE,
    &decompression::TABLE,
    &bare::AVINFO,
    &bare::AVINFO2,
];

/// The op of this name, in upper or lower case.
pub(super) fn find(name: Segment<'_>) -> Result<&'static dyn AnyTable, CommandError> {
    let names = || TABLES.iter().map(|table| table.name());
    TABLES
        .iter()
        .copied()
        .find(|table| table.name().eq_ignore_ascii_case(name.text))
        .ok_or_else(|| CommandError::UnknownOp {
            span: name.span,
            name: name.text.to_owned(),
            nearest: nearest(name.text, names().chain(["saveas"])),
            allowed: names().collect::<Vec<_>>().join(", "),
        })
}

/// The canonical text of an op.
pub(super) fn print(op: &Op) -> String {
    match op {
        Op::Avthumb(op) => avthumb::TABLE.print(op),
        Op::Vframe(op) => vframe::TABLE.print(op),
        Op::Vsample(op) => vsample::TABLE.print(op),
        Op::Avconcat(op) => avconcat::TABLE.print(op),
        Op::ImageView2(op) => image_view::TABLE.print(op),
        Op::Getapic(op) => getapic::TABLE.print(op),
        Op::Decompression(op) => decompression::TABLE.print(op),
        Op::Avinfo(_) => op.name().to_owned(),
    }
}
