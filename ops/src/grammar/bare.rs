//! Ops that are their name and nothing else: `avinfo` and `avinfo2` (wire.md 6.9).

use super::parse::{Fault, Reading};
use super::segment::Segment;
use super::table::AnyTable;
use crate::error::CommandError;
use crate::op::{Avinfo, Op};
use crate::reference::OpReference;

/// An op without a first segment and without parameters.
pub(super) struct Bare {
    pub name: &'static str,
    /// One line for the reference.
    pub summary: &'static str,
    pub op: Op,
}

pub(super) static AVINFO: Bare = Bare {
    name: "avinfo",
    summary: "Says what a media file is, as JSON shaped like ffprobe's.",
    op: Op::Avinfo(Avinfo::Full),
};

pub(super) static AVINFO2: Bare = Bare {
    name: "avinfo2",
    summary: "Says what a media file is, as JSON with a fixed, small set of members.",
    op: Op::Avinfo(Avinfo::Brief),
};

impl AnyTable for Bare {
    fn name(&self) -> &'static str {
        self.name
    }

    fn parse(&self, stage: Segment<'_>, _: &mut Reading) -> Result<Op, Fault> {
        match stage.name().1 {
            None => Ok(self.op.clone()),
            Some(more) => Err(CommandError::UnknownParameter {
                span: more.span,
                op: self.name,
                name: more.text.to_owned(),
                nearest: None,
                allowed: "none".to_owned(),
            }
            .into()),
        }
    }

    fn reference(&self) -> OpReference {
        OpReference {
            name: self.name,
            summary: self.summary,
            form: format!("{}|saveas/<target>", self.name),
            parameters: Vec::new(),
        }
    }
}
