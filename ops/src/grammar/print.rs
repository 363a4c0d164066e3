//! Commands to canonical text: `parse(print(p)) == p`.

use std::fmt;

use super::{Command, Pipeline, SaveAs, ops, saveas};
use crate::entry::EntryError;

impl fmt::Display for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, op) in self.ops.iter().enumerate() {
            let separator = if at == 0 { "" } else { "|" };
            write!(f, "{separator}{}", ops::print(op))?;
        }
        match &self.saveas {
            Some(target) => write!(f, "|{}/{target}", saveas::NAME),
            None => Ok(()),
        }
    }
}

/// The argument of `saveas`: an entry in base64, a template in plain text.
impl fmt::Display for SaveAs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry(entry) => f.write_str(&entry.to_b64u()),
            Self::Template(template) => template.fmt(f),
        }
    }
}

impl Pipeline {
    /// The same with its target named for a source of this name.
    pub fn expand(&self, fname: &str) -> Result<Self, EntryError> {
        let saveas = match &self.saveas {
            Some(SaveAs::Template(template)) => Some(SaveAs::Entry(template.expand(fname)?)),
            other => other.clone(),
        };
        Ok(Self {
            ops: self.ops.clone(),
            saveas,
        })
    }
}

/// The canonical op string for a source of this name: targets named, aliases and blanks gone. Commands in error stay
/// as written.
pub fn expand(commands: &[Command], fname: &str) -> Result<String, EntryError> {
    let texts = commands.iter().map(|command| match &command.pipeline {
        Ok(pipeline) => pipeline.expand(fname).map(|pipeline| pipeline.to_string()),
        Err(_) => Ok(command.text.clone()),
    });
    Ok(texts.collect::<Result<Vec<_>, _>>()?.join(";"))
}
