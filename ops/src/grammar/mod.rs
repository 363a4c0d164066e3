//! The op language: text to [`Pipeline`]s and back (wire.md 5.1).
//!
//! ```text
//! ops     = command *( ";" command )
//! command = stage *( "|" stage )
//! stage   = name *( "/" segment )
//! ```
//! `;` separates independent commands on one source, `|` feeds one stage into the next, `saveas` names the target.
//! `table` says what an op's row of parameters is, `avthumb` and `vframe` are the rows; `parse`, `print` and the
//! reference in [`crate::reference`] all read them, so that none can drift from another.

mod avconcat;
mod avthumb;
mod bare;
mod colours;
mod decompression;
mod frames;
mod getapic;
mod image_view;
mod kind;
mod lettering;
mod marks;
mod nearest;
mod objects;
mod ops;
mod parse;
mod point;
mod print;
mod rule;
mod saveas;
mod segment;
mod stage;
mod table;
mod template;
mod tracks;
mod values;
mod vframe;
mod vsample;

use std::collections::BTreeSet;

use crate::entry::{Entry, ObjectRef};
use crate::error::CommandError;
use crate::op::Op;

pub(crate) use avthumb::{Asked, asked};
use nearest::nearest;
pub(crate) use ops::TABLES;
pub use parse::{MAX_BYTES, MAX_COMMANDS, parse, parse_lenient};
pub(crate) use point::point;
pub use print::expand;
pub use template::Template;
pub(crate) use template::VARIABLES;

/// A range of bytes of the op string, on character boundaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

/// One command of an op string.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// As written, outer blanks trimmed.
    pub text: String,
    /// Where it stands in the op string.
    pub span: Span,
    /// What it means, or why it means nothing.
    pub pipeline: Result<Pipeline, CommandError>,
    /// What [`parse_lenient`] passed over, a sentence each.
    pub warnings: Vec<String>,
}

/// What a command does: ops in a row, then where to keep the result. Displays as its canonical text.
#[derive(Debug, Clone, PartialEq)]
pub struct Pipeline {
    /// At least one.
    pub ops: Vec<Op>,
    /// The target; without it the result gets a default name.
    pub saveas: Option<SaveAs>,
}

impl Pipeline {
    /// The file suffix of the last op's output, such as `mp4`.
    pub fn suffix(&self) -> &'static str {
        self.ops.last().map_or("", Op::suffix)
    }

    /// Objects the ops read beside the source, each once. Who runs the pipeline brings them.
    pub fn objects(&self) -> BTreeSet<&ObjectRef> {
        self.ops.iter().flat_map(Op::objects).collect()
    }
}

/// The target of a command.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SaveAs {
    /// One object.
    Entry(Entry),
    /// An object whose name depends on the source.
    Template(Template),
}
