//! Targets that depend on the source: `saveas/bkt:thumbs/$(fprefix).jpg`.

use std::fmt;

use crate::entry::{BucketName, Entry, EntryError};

/// An entry whose key holds at least one variable. Made by the parser, from plain text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Template {
    bucket: BucketName,
    key: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Part {
    Text(String),
    Variable(Variable),
}

/// What a variable stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Variable {
    Fname,
    Fprefix,
    Suffix,
    Count,
}

/// A variable as the parser, the printer and the reference know it.
pub(crate) struct VariableRow {
    variable: Variable,
    pub written: &'static str,
    pub example: &'static str,
    pub about: &'static str,
}

/// Every variable.
pub(crate) const VARIABLES: &[VariableRow] = &[
    VariableRow {
        variable: Variable::Fname,
        written: "$(fname)",
        example: "bkt:done/$(fname)",
        about: "File name of the source, such as clip.mov",
    },
    VariableRow {
        variable: Variable::Fprefix,
        written: "$(fprefix)",
        example: "bkt:$(fprefix).jpg",
        about: "File name of the source up to its last dot, such as clip",
    },
    VariableRow {
        variable: Variable::Suffix,
        written: "$(suffix)",
        example: "bkt:$(suffix)/$(fname)",
        about: "File name of the source after its last dot, such as mov; unknown without one",
    },
    VariableRow {
        variable: Variable::Count,
        written: "$(count)",
        example: "bkt:$(fprefix)-$(count).jpg",
        about: "Number of the output, from 000001, of a command with several",
    },
];

impl Template {
    /// Reads `bucket:key` in plain text; `None` when no variable occurs in it.
    pub(super) fn read(text: &str) -> Result<Option<Self>, EntryError> {
        let (bucket, key) = text.split_once(':').ok_or(EntryError::NoColon)?;
        let key = parts(key)?;
        if !key.iter().any(|part| matches!(part, Part::Variable(_))) {
            return Ok(None);
        }
        let template = Self {
            bucket: bucket.parse()?,
            key,
        };
        // The fixed parts are refused here, before any source is known, if no name could make a key of them.
        template.expand("x.x")?;
        Ok(Some(template))
    }

    /// The entry for a source of this name. Fails if the name makes it break the rules for keys. `$(count)` is left
    /// standing: the numbering of several outputs replaces it (wire.md 5.5).
    pub fn expand(&self, fname: &str) -> Result<Entry, EntryError> {
        let (fprefix, suffix) = split_name(fname);
        let key: String = self
            .key
            .iter()
            .map(|part| match part {
                Part::Text(text) => text,
                Part::Variable(Variable::Fname) => fname,
                Part::Variable(Variable::Fprefix) => fprefix,
                Part::Variable(Variable::Suffix) => suffix,
                Part::Variable(count @ Variable::Count) => count.written(),
            })
            .collect();
        Ok(Entry {
            bucket: self.bucket.clone(),
            key: key.parse()?,
        })
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.bucket)?;
        self.key.iter().try_for_each(|part| match part {
            Part::Text(text) => f.write_str(text),
            Part::Variable(variable) => f.write_str(variable.written()),
        })
    }
}

impl Variable {
    fn written(self) -> &'static str {
        VARIABLES
            .iter()
            .find(|row| row.variable == self)
            .map_or("", |row| row.written)
    }
}

fn parts(mut key: &str) -> Result<Vec<Part>, EntryError> {
    let mut parts = Vec::new();
    while let Some(open) = key.find("$(") {
        let (text, rest) = key.split_at(open);
        let close = rest.find(')').ok_or(EntryError::OpenVariable)?;
        let (written, rest) = rest.split_at(close + 1);
        let row = VARIABLES
            .iter()
            .find(|row| row.written == written)
            .ok_or_else(|| {
                let names: Vec<&str> = VARIABLES.iter().map(|row| row.written).collect();
                EntryError::UnknownVariable {
                    found: written.to_owned(),
                    allowed: names.join(", "),
                }
            })?;
        if !text.is_empty() {
            parts.push(Part::Text(text.to_owned()));
        }
        parts.push(Part::Variable(row.variable));
        key = rest;
    }
    if !key.is_empty() {
        parts.push(Part::Text(key.to_owned()));
    }
    Ok(parts)
}

/// Splits at the last dot (wire.md 4.5). A dot that begins or ends the file name begins no suffix.
fn split_name(fname: &str) -> (&str, &str) {
    let file = fname.rfind('/').map_or(0, |slash| slash + 1);
    match fname.rfind('.') {
        Some(dot) if dot > file && dot + 1 < fname.len() => (&fname[..dot], &fname[dot + 1..]),
        _ => (fname, "unknown"),
    }
}
