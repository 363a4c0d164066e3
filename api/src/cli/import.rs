//! `opmill import`: a queue made of an export.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use opmill_engine::upkeep;

use super::{CliError, Outcome, open, text};

/// Makes a queue of what `opmill export` wrote.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  opmill import --data /srv/opmill queue.jsonl
  gunzip -c queue.jsonl.gz | opmill import --data /srv/opmill -

The folder must not have a queue yet. All lines are imported, or, if one of them is wrong, none.

Exit codes: 0 imported, 1 the export does not read, 2 wrong usage.")]
pub struct Args {
    /// Folder of the new queue.
    #[arg(long, value_name = "DIR", default_value = "./.opmill")]
    data: PathBuf,
    /// The export; - is standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub fn import(args: &Args) -> Result<Outcome, CliError> {
    let mut lines: Box<dyn BufRead> = match args.file == Path::new("-") {
        true => Box::new(io::stdin().lock()),
        false => {
            let file = File::open(&args.file).map_err(|source| CliError::Unreadable {
                path: args.file.clone(),
                source,
            })?;
            Box::new(BufReader::with_capacity(1 << 16, file))
        }
    };
    let done = upkeep::import(&args.data, &mut *lines);
    let done = done.map_err(|error| open::in_use(error, &args.data))?;
    let (records, data) = (done.records, args.data.display());
    text::print(&format!("imported {records} records into {data}\n"))?;
    Ok(Outcome::Succeeded)
}
