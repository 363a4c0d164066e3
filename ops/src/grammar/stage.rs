//! One stage to one op, by the op's table.

use super::nearest;
use super::parse::{Fault, Reading};
use super::rule::Given;
use super::segment::{SLASH, Segment};
use super::table::Table;
use crate::error::{CommandError, SyntaxError};

/// Most parameters that a message lists.
const LISTED: usize = 24;

impl<T> Table<T> {
    /// The op a stage stands for: its head, then `name/value` pairs in any order and the values of its list, then the rules
    /// over all of them.
    pub(super) fn read(&self, stage: Segment<'_>, reading: &mut Reading) -> Result<T, Fault> {
        let (name, rest) = stage.name();
        let mut segments = rest.into_iter().flat_map(|rest| rest.split(SLASH));
        let head = segments.next().ok_or_else(|| self.headless(name))?;
        let mut op = (self.head.make)(head.text)
            .ok_or_else(|| self.bad_value(self.head.name, head, (self.head.range)()))?;

        let mut given = vec![Given {
            name: self.head.name,
            segment: head,
        }];
        while let Some(name) = segments.next() {
            if name.text.is_empty() {
                Err(self.nameless(name))?;
            }
            let Some(row) = self.row(name.text) else {
                if self.listed(&mut op, name, &mut given)? {
                    continue;
                }
                let unknown = self.unknown(name);
                if !reading.lenient {
                    return Err(unknown.into());
                }
                reading
                    .warnings
                    .push(format!("{unknown}; it was passed over"));
                segments.next();
                continue;
            };
            let value = segments
                .next()
                .filter(|value| !value.text.is_empty())
                .ok_or_else(|| without_value(name, (row.range)()))?;
            let mut segment = stage.between(name, value);
            let mut value_shown = value;
            if (row.is_secret)() {
                segment.text = row.name;
                value_shown.text = "[redacted]";
            }
            if given.iter().any(|earlier| earlier.name == row.name) {
                let (span, given) = (segment.span, value_shown.text.to_owned());
                Err(CommandError::Repeated {
                    span,
                    op: self.name,
                    parameter: row.name,
                    given,
                })?;
            }
            if !(row.set)(&mut op, value.text) {
                Err(self.bad_value(row.name, value_shown, (row.range)()))?;
            }
            given.push(Given {
                name: row.name,
                segment,
            });
        }
        for rule in self.rules.iter().copied().flatten() {
            rule.check(self, &op, &given)?;
        }
        Ok(op)
    }

    /// Takes a value of the list. False if there is no list, or if this looks more like the name of a parameter.
    fn listed<'a>(
        &self,
        op: &mut T,
        value: Segment<'a>,
        given: &mut Vec<Given<'a>>,
    ) -> Result<bool, CommandError> {
        let Some(tail) = &self.tail else {
            return Ok(false);
        };
        let is_word = value.text.bytes().all(|byte| byte.is_ascii_alphabetic());
        let so_far = given.iter().filter(|given| given.name == tail.name);
        if so_far.count() == tail.most {
            let allowed = format!("at most {} of them", tail.most);
            return match is_word && nearest(value.text, self.names()).is_some() {
                true => Ok(false),
                false => Err(self.bad_value(tail.name, value, allowed)),
            };
        }
        if (tail.push)(op, value.text) {
            given.push(Given {
                name: tail.name,
                segment: value,
            });
            return Ok(true);
        }
        match is_word {
            true => Ok(false),
            false => Err(self.bad_value(tail.name, value, tail.range.to_owned())),
        }
    }

    /// The names of its parameters.
    fn names(&self) -> impl Iterator<Item = &'static str> + use<T> {
        self.rows().map(|row| row.name)
    }

    fn headless(&self, name: Segment<'_>) -> CommandError {
        CommandError::Missing {
            span: name.span,
            op: self.name,
            what: format!("a {}", self.head.name),
            hint: format!(
                "write `{}/<{}>`: {}",
                self.name,
                self.head.name,
                (self.head.range)()
            ),
        }
    }

    fn nameless(&self, name: Segment<'_>) -> CommandError {
        CommandError::Missing {
            span: name.span,
            op: self.name,
            what: "a parameter after `/`".to_owned(),
            hint: "write `/<name>/<value>`, or no `/`".to_owned(),
        }
    }

    fn unknown(&self, name: Segment<'_>) -> CommandError {
        let names = || self.names();
        let allowed = match names().count() {
            0..=LISTED => names().collect::<Vec<_>>().join(", "),
            _ => format!("those that `opmill ops {}` lists", self.name),
        };
        CommandError::UnknownParameter {
            span: name.span,
            op: self.name,
            name: name.text.to_owned(),
            nearest: nearest(name.text, names()),
            allowed,
        }
    }

    fn bad_value(
        &self,
        parameter: &'static str,
        value: Segment<'_>,
        allowed: String,
    ) -> CommandError {
        let (span, given) = (value.span, value.text.to_owned());
        CommandError::BadValue {
            span,
            op: self.name,
            parameter,
            given,
            allowed,
        }
    }
}

fn without_value(name: Segment<'_>, range: String) -> SyntaxError {
    SyntaxError {
        span: name.span,
        found: name.text.to_owned(),
        expected: format!("`{}/<value>` ({range})", name.text),
    }
}
