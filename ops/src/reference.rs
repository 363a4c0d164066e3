//! The reference of the op language, read from the tables the parser reads: what is printed is what is accepted.

use serde::Serialize;

use crate::grammar::{TABLES, VARIABLES};

/// One op.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpReference {
    /// Its name in the op string.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub summary: &'static str,
    /// How a command with it is written.
    pub form: String,
    /// Its first segment, then its parameters in canonical order, then the segments behind them.
    pub parameters: Vec<ParameterReference>,
}

/// One parameter of an op.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ParameterReference {
    /// What it is about, where the op has many; empty for the first segment and where it has few.
    pub group: &'static str,
    /// Its name in the op string.
    pub name: &'static str,
    /// Other names it is read by.
    pub aliases: &'static [&'static str],
    /// What its value is: `integer`, `decimal`, `name`, ….
    pub kind: &'static str,
    /// The values there are.
    pub range: String,
    /// What happens without it.
    pub default: &'static str,
    /// Segments that may follow the op's name and first segment as they stand.
    pub example: &'static str,
    /// What it means, in one line.
    pub about: &'static str,
}

/// Every op, then `saveas`.
pub fn ops() -> Vec<OpReference> {
    TABLES
        .iter()
        .map(|table| table.reference())
        .chain([saveas()])
        .collect()
}

/// `saveas` is no op of its own: it ends a command. It is described in the same shape for those who look it up.
fn saveas() -> OpReference {
    let target = ParameterReference {
        group: "",
        name: "target",
        aliases: &[],
        kind: "first segment",
        range: "URL-safe base64 of bucket:key, or bucket:key in plain text".to_owned(),
        default: "a name made of the source's and the command's",
        example: "YnVja2V0OmZpbGVrZXk=",
        about: "Where to keep the result; in plain text the key may hold variables",
    };
    let variables = VARIABLES.iter().map(|variable| ParameterReference {
        group: "",
        name: variable.written,
        aliases: &[],
        kind: "variable",
        range: "in a plain text key".to_owned(),
        default: "–",
        example: variable.example,
        about: variable.about,
    });
    OpReference {
        name: "saveas",
        summary: "Names the object a command's result is kept as; the last stage of a command.",
        form: "<op>|saveas/<target>".to_owned(),
        parameters: std::iter::once(target).chain(variables).collect(),
    }
}
