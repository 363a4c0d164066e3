//! `opmill ops [NAME]`: the reference of the op language, from the parser's own tables.
//!
//! README.md carries the same reference as `--markdown` prints it; a test compares the two.

use std::fmt::Write as _;

use opmill_engine::ops::reference::{self, OpReference};

use super::text::{self, Align};
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

fn plain(op: &OpReference) -> String {
    let mut text = format!("{}\n  {}\n  {}\n\n", op.name, op.summary, op.form);
    let row = |name: &str, kind: &str, range: &str, default: &str| {
        [name, kind, range, default].map(str::to_owned)
    };
    let mut rows = vec![row("parameter", "value", "allowed", "without it")];
    rows.extend(
        op.parameters
            .iter()
            .map(|p| row(p.name, p.kind, &p.range, p.default)),
    );
    text.push_str(&text::columns(2, [Align::Left; 4], &rows));
    text.push('\n');
    let about: Vec<_> = op
        .parameters
        .iter()
        .map(|p| [p.name.to_owned(), p.about.to_owned()])
        .collect();
    text.push_str(&text::columns(2, [Align::Left; 2], &about));
    text
}

/// A heading and a table.
fn markdown(op: &OpReference) -> String {
    let mut text = format!("### `{}`\n\n{}\n\n`{}`\n\n", op.name, op.summary, op.form);
    text.push_str("| parameter | value | allowed | without it | meaning | example |\n|---|---|---|---|---|---|\n");
    for p in &op.parameters {
        let cells = [cell(p.kind), cell(&p.range), cell(p.default), cell(p.about)].join(" | ");
        // Writing to a String cannot fail.
        let _ = writeln!(text, "| `{}` | {cells} | `{}` |", p.name, p.example);
    }
    text
}

/// `|` would end the cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
