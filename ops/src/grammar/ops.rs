//! The list of ops. A new op is a variant of [`Op`], a table, and a line in each of the two functions here.

use super::segment::Segment;
use super::table::AnyTable;
use super::{avthumb, nearest, vframe};
use crate::error::CommandError;
use crate::op::Op;

/// Every op, in the order of the reference.
pub(crate) static TABLES: &[&dyn AnyTable] = &[&avthumb::TABLE, &vframe::TABLE];

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
    }
}
