//! `opmill ops [NAME]`: the reference of the op language, from the parser's own tables.
//!
//! README.md carries the same reference as `--markdown` prints it; a test compares the two.

use std::fmt::Write as _;

use opmill_engine::ops::reference::{self, OpReference, ParameterReference};

use super::text;
use super::{CliError, Outcome};

/// Prints the reference of every op and its parameters.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  opmill ops
  opmill ops vframe
  opmill ops --markdown > ops.md")]
pub struct Args {
    /// The op to describe; all of them without it.
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Print Markdown, as in the README.
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn ops(args: &Args) -> Result<Outcome, CliError> {
    let mut ops = reference::ops();
    if let Some(name) = &args.name {
        let known = ops.iter().map(|op| op.name).collect::<Vec<_>>().join(", ");
        ops.retain(|op| op.name == name);
        if ops.is_empty() {
            return Err(CliError::NoSuchOp {
                name: name.clone(),
                known,
            });
        }
    }
    let text = if args.json {
        serde_json::to_string_pretty(&ops).map_err(std::io::Error::from)? + "\n"
    } else {
        let one = if args.markdown { markdown } else { plain };
        ops.iter().map(one).collect::<Vec<_>>().join("\n")
    };
    text::print(&text)?;
    Ok(Outcome::Succeeded)
}

/// Name by name, three lines each: what it means, what it takes, what stands for it.
fn plain(op: &OpReference) -> String {
    let mut text = format!("{}\n  {}\n  {}\n", op.name, op.summary, op.form);
    let width = op.parameters.iter().map(|p| names(p).chars().count());
    let width = width.max().unwrap_or(0);
    for (group, parameters) in groups(op) {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "\n{group}{}",
            if group.is_empty() { "" } else { "\n" }
        );
        for p in parameters {
            let _ = writeln!(text, "  {:width$}  {}", names(p), p.about);
            let _ = writeln!(text, "  {:width$}  {}: {}", "", p.kind, p.range);
            let _ = writeln!(
                text,
                "  {:width$}  default: {}; example: {}",
                "", p.default, p.example
            );
        }
    }
    text
}

/// A heading, and a table for each group.
fn markdown(op: &OpReference) -> String {
    let mut text = format!("### `{}`\n\n{}\n\n`{}`\n", op.name, op.summary, op.form);
    for (group, parameters) in groups(op) {
        if !group.is_empty() {
            let _ = write!(text, "\n**{group}**\n"); // writing to a String cannot fail
        }
        text.push_str("\n| parameter | value | allowed | without it | meaning | example |\n|---|---|---|---|---|---|\n");
        for p in parameters {
            let cells = [cell(p.kind), cell(&p.range), cell(p.default), cell(p.about)].join(" | ");
            let _ = writeln!(text, "| `{}` | {cells} | `{}` |", names(p), p.example);
        }
    }
    text
}

/// The parameters in their groups, in order.
fn groups(op: &OpReference) -> impl Iterator<Item = (&str, &[ParameterReference])> {
    let groups = op.parameters.chunk_by(|one, next| one.group == next.group);
    groups.map(|rows| (rows.first().map_or("", |row| row.group), rows))
}

/// `gop (GOPInterval)`: the other names in parentheses.
fn names(parameter: &ParameterReference) -> String {
    match parameter.aliases {
        [] => parameter.name.to_owned(),
        aliases => format!("{} ({})", parameter.name, aliases.join(", ")),
    }
}

/// `|` would end the cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
