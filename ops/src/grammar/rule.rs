//! Which parameters of an op exclude or need each other. Asked once all of them are read, as their order is free.

use std::borrow::Cow;

use super::segment::Segment;
use super::table::Table;
use crate::error::CommandError;

/// A part of a stage as it was given: the head, or a `name/value` pair.
pub(super) struct Given<'a> {
    pub name: &'static str,
    pub segment: Segment<'a>,
}

/// A statement about parameters that must hold.
pub(super) enum Rule<T: 'static> {
    /// `with` (the head or a parameter) does not go with any of `parameters` when `when` holds.
    Excludes {
        with: &'static str,
        when: fn(&T) -> bool,
        parameters: &'static [&'static str],
        why: &'static str,
    },
    /// `parameter` does not go with the first of `with` (the head or parameters) that is given, when there is a reason.
    Clash {
        parameter: &'static str,
        with: &'static [&'static str],
        why: fn(&T) -> Option<String>,
    },
    /// `parameter` means nothing without `needs`.
    Needs {
        parameter: &'static str,
        needs: &'static str,
        hint: &'static str,
    },
    /// `parameter` means nothing without one of `needs`.
    NeedsOne {
        parameter: &'static str,
        needs: &'static [&'static str],
        hint: &'static str,
    },
    /// The op cannot do without `what` when `when` holds.
    Lacks {
        when: fn(&T) -> bool,
        what: &'static str,
        hint: &'static str,
    },
    /// `parameter` means nothing without one of `any`.
    NeedsAny {
        parameter: &'static str,
        any: &'static [&'static str],
        hint: &'static str,
    },
}

impl<T> Rule<T> {
    /// Reports the first parameter, in the order given, that breaks the rule.
    pub(super) fn check(
        &self,
        table: &Table<T>,
        op: &T,
        given: &[Given<'_>],
    ) -> Result<(), CommandError> {
        // A flag that is given as 0 is as good as absent: `get` tells, not `given`.
        let is_set = |name: &str| table.row(name).is_some_and(|row| (row.get)(op).is_some());
        let as_given = |name: &str| given.iter().find(|given| given.name == name);
        match self {
            Self::Excludes {
                with,
                when,
                parameters,
                why,
            } if when(op) => {
                let excluded = |name| parameters.contains(&name) && is_set(name);
                let Some(found) = given.iter().find(|given| excluded(given.name)) else {
                    return Ok(());
                };
                Err(CommandError::Conflict {
                    span: found.segment.span,
                    op: table.name,
                    given: found.segment.text.to_owned(),
                    with: as_given(with)
                        .map_or(*with, |with| with.segment.text)
                        .to_owned(),
                    why: Cow::Borrowed(why),
                })
            }
            Self::Clash {
                parameter,
                with,
                why,
            } if is_set(parameter) => {
                let (Some(found), Some(why)) = (as_given(parameter), why(op)) else {
                    return Ok(());
                };
                let with = with.iter().find_map(|name| as_given(name));
                Err(CommandError::Conflict {
                    span: found.segment.span,
                    op: table.name,
                    given: found.segment.text.to_owned(),
                    with: with.map_or("", |with| with.segment.text).to_owned(),
                    why: Cow::Owned(why),
                })
            }
            Self::Needs {
                parameter,
                needs,
                hint,
            } if is_set(parameter) && !is_set(needs) => {
                let Some(found) = as_given(parameter) else {
                    return Ok(());
                };
                Err(missing(table.name, found, &[needs], hint))
            }
            Self::NeedsOne {
                parameter,
                needs,
                hint,
            } if is_set(parameter) && !needs.iter().any(|name| is_set(name)) => {
                match as_given(parameter) {
                    Some(found) => Err(missing(table.name, found, needs, hint)),
                    None => Ok(()),
                }
            }
            Self::Lacks { when, what, hint } if when(op) => Err(CommandError::Missing {
                span: given[0].segment.span,
                op: table.name,
                what: (*what).to_owned(),
                hint: (*hint).to_owned(),
            }),
            Self::NeedsAny {
                parameter,
                any,
                hint,
            } if is_set(parameter) && !any.iter().any(|name| is_set(name)) => {
                let Some(found) = as_given(parameter) else {
                    return Ok(());
                };
                Err(CommandError::Missing {
                    span: found.segment.span,
                    op: table.name,
                    what: format!("`{}` beside `{}`", any.join("` or `"), found.segment.text),
                    hint: (*hint).to_owned(),
                })
            }
            _ => Ok(()),
        }
    }
}

/// What is given lacks what gives it a meaning: one of `needs`.
fn missing(op: &'static str, found: &Given<'_>, needs: &[&str], hint: &str) -> CommandError {
    let names: Vec<String> = needs.iter().map(|name| format!("`{name}`")).collect();
    CommandError::Missing {
        span: found.segment.span,
        op,
        what: format!("{} beside `{}`", names.join(" or "), found.segment.text),
        hint: hint.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{avconcat, avthumb, image_view, vframe, vsample};
    use super::*;

    /// A misspelt name would make a rule that never speaks.
    fn names_are_known<T>(table: &Table<T>) {
        let known = |name: &str| table.row(name).is_some();
        for rule in table.rules.iter().copied().flatten() {
            let (with, others) = match rule {
                Rule::Excludes {
                    with, parameters, ..
                } => (with, *parameters),
                Rule::Clash {
                    parameter, with, ..
                } => (parameter, *with),
                Rule::Needs {
                    parameter, needs, ..
                } => (parameter, std::slice::from_ref(needs)),
                Rule::NeedsOne {
                    parameter, needs, ..
                } => (parameter, *needs),
                Rule::Lacks { .. } => continue,
                Rule::NeedsAny { parameter, any, .. } => (parameter, *any),
            };
            let tail = table.tail.as_ref().map(|tail| tail.name);
            let known = |name: &str| known(name) || name == table.head.name || Some(name) == tail;
            assert!(known(with), "{with}");
            assert!(others.iter().all(|name| known(name)), "{others:?}");
        }
    }

    #[test]
    fn rules_speak_of_known_parameters() {
        names_are_known(&avthumb::TABLE);
        names_are_known(&vframe::TABLE);
        names_are_known(&avconcat::TABLE);
        names_are_known(&image_view::TABLE);
        names_are_known(&vsample::TABLE);
    }
}
