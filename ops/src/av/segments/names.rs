//! What the segments of an output are called.

use super::SegmentPlan;

/// What stands around a segment's number in its file's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SegmentNames {
    pub(crate) before: String,
    pub(crate) behind: String,
}

impl SegmentNames {
    /// The names of an output whose other files are called after `stem`.
    pub(super) fn of(stem: &str, plan: &SegmentPlan) -> Self {
        let suffix = plan.format.suffix();
        match &plan.names {
            Some(Self { before, behind }) => Self {
                before: before.clone(),
                behind: format!("{behind}.{suffix}"),
            },
            None => Self {
                before: format!("{stem}_"),
                behind: format!(".{suffix}"),
            },
        }
    }

    /// The name of the segment of this number, from 1.
    pub(super) fn name(&self, number: usize) -> String {
        let Self { before, behind } = self;
        format!("{before}{number:06}{behind}")
    }
}
