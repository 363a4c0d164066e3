//! Errors in the text of an op string. Each knows its bytes, and says what was given and what is allowed.

use std::borrow::Cow;

use crate::entry::EntryError;
use crate::grammar::{Span, point};
use crate::quote::quoted;

/// The op string is malformed: which of its commands mean what cannot be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at byte {}: found {}, expected {expected}", span.start, quoted(found))]
pub struct SyntaxError {
    /// The bytes of the op string that are wrong.
    pub span: Span,
    /// What is there; empty at the end of a command.
    pub found: String,
    /// What would be right.
    pub expected: String,
}

impl SyntaxError {
    /// The op string with a caret line under the wrong bytes, cut to the surroundings when it is long.
    pub fn point(&self, text: &str) -> String {
        point(text, self.span)
    }
}

/// One command is wrong; its siblings run. Every message names the parameter, what was given and what is allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// No op has this name.
    #[error("there is no op {}; {}", quoted(name), nearest.map_or_else(|| format!("allowed: {allowed}"), did_you_mean))]
    UnknownOp {
        /// Where the name stands.
        span: Span,
        /// The name as given.
        name: String,
        /// A known name that looks like it.
        nearest: Option<&'static str>,
        /// The known ops.
        allowed: String,
    },
    /// The op has no parameter of this name.
    #[error("{op} has no parameter {}; {}", quoted(name), nearest.map_or_else(|| format!("allowed: {allowed}"), did_you_mean))]
    UnknownParameter {
        /// Where the name stands.
        span: Span,
        /// The op.
        op: &'static str,
        /// The name as given.
        name: String,
        /// A parameter of the op that looks like it.
        nearest: Option<&'static str>,
        /// The parameters of the op.
        allowed: String,
    },
    /// The value of a parameter is not allowed.
    #[error("`{parameter}` of {op} is {}; allowed: {allowed}", quoted(given))]
    BadValue {
        /// Where the value stands.
        span: Span,
        /// The op.
        op: &'static str,
        /// The parameter.
        parameter: &'static str,
        /// The value as given.
        given: String,
        /// The values there are.
        allowed: String,
    },
    /// Something the command cannot do without is not there.
    #[error("{op} needs {what}; {hint}")]
    Missing {
        /// Where it is missed.
        span: Span,
        /// The op.
        op: &'static str,
        /// What is missing.
        what: String,
        /// What to write.
        hint: String,
    },
    /// A parameter is given twice.
    #[error(
        "`{parameter}` of {op} is given again as {}; allowed: once",
        quoted(given)
    )]
    Repeated {
        /// Where it is given again.
        span: Span,
        /// The op.
        op: &'static str,
        /// The parameter.
        parameter: &'static str,
        /// Its second value.
        given: String,
    },
    /// Two parameters exclude each other.
    #[error("{} of {op} does not go with {}: {why}", quoted(given), quoted(with))]
    Conflict {
        /// Where the parameter stands that is in the way.
        span: Span,
        /// The op.
        op: &'static str,
        /// That parameter and its value.
        given: String,
        /// What it conflicts with.
        with: String,
        /// The reason, and so the way out.
        why: Cow<'static, str>,
    },
    /// `saveas` does not name an object.
    #[error(
        "the target {} of saveas is not `bucket:key` in URL-safe base64 or plain text: {problem}",
        quoted(given)
    )]
    BadTarget {
        /// Where the target stands.
        span: Span,
        /// The target as given.
        given: String,
        /// What is wrong with it.
        problem: EntryError,
    },
    /// `saveas` is followed by another stage.
    #[error(
        "saveas is followed by {}; allowed: saveas as the last stage of a command",
        quoted(found)
    )]
    SaveasNotLast {
        /// Where the next stage stands.
        span: Span,
        /// That stage.
        found: String,
    },
    /// An op cannot work on what the one before it makes.
    #[error(
        "{} cannot work on what {} makes, which is {made}",
        quoted(found),
        quoted(before)
    )]
    Chained {
        /// Where the second op stands.
        span: Span,
        /// The second op.
        found: String,
        /// The op before it.
        before: String,
        /// What that makes.
        made: &'static str,
    },
}

impl CommandError {
    /// The bytes of the op string that are wrong.
    pub fn span(&self) -> Span {
        match self {
            Self::UnknownOp { span, .. }
            | Self::UnknownParameter { span, .. }
            | Self::BadValue { span, .. }
            | Self::Missing { span, .. }
            | Self::Repeated { span, .. }
            | Self::Conflict { span, .. }
            | Self::BadTarget { span, .. }
            | Self::SaveasNotLast { span, .. }
            | Self::Chained { span, .. } => *span,
        }
    }

    /// The op string with a caret line under the wrong bytes, cut to the surroundings when it is long.
    pub fn point(&self, text: &str) -> String {
        point(text, self.span())
    }
}

fn did_you_mean(name: &str) -> String {
    format!("did you mean `{name}`?")
}
