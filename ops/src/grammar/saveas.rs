//! The target of a command: `saveas/<b64u(bucket:key)>` (wire.md 6.4), or `saveas/bucket:key` as people write it.

use super::segment::Segment;
use super::template::Template;
use super::{SaveAs, Span};
use crate::entry::{Entry, EntryError};
use crate::error::CommandError;

/// The name of the stage.
pub(super) const NAME: &str = "saveas";

/// Reads what follows the name; all of it, as a plain key may hold `/`.
pub(super) fn read(name: Segment<'_>, target: Option<Segment<'_>>) -> Result<SaveAs, CommandError> {
    let Some(target) = target.filter(|target| !target.text.is_empty()) else {
        return Err(CommandError::Missing {
            span: name.span,
            op: NAME,
            what: "a target".to_owned(),
            hint:
                "write `saveas/` and URL-safe base64 of `bucket:key`, or `bucket:key` in plain text"
                    .to_owned(),
        });
    };
    interpret(target.text).map_err(|problem| CommandError::BadTarget {
        span: target.span,
        given: target.text.to_owned(),
        problem,
    })
}

/// A `:` tells the two forms apart: base64 has none.
fn interpret(text: &str) -> Result<SaveAs, EntryError> {
    if !text.contains(':') {
        return Entry::from_b64u(text).map(SaveAs::Entry);
    }
    match Template::read(text)? {
        Some(template) => Ok(SaveAs::Template(template)),
        None => text.parse().map(SaveAs::Entry),
    }
}

/// `saveas` alone.
pub(super) fn without_op(stages: &[Segment<'_>]) -> CommandError {
    CommandError::Missing {
        span: stages
            .first()
            .map_or(Span { start: 0, end: 0 }, |stage| stage.span),
        op: NAME,
        what: "an op before it".to_owned(),
        hint: "write `vframe/jpg|saveas/…`, for one".to_owned(),
    }
}
