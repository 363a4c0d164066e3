//! `opmill export`: the whole queue as JSON lines on standard output.

use std::io::{self, BufWriter};
use std::path::PathBuf;

use opmill_engine::upkeep;

use super::{CliError, Outcome, open, text};

/// Writes everything in the queue to standard output, as JSON lines.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  opmill export --data /srv/opmill > queue.jsonl
  opmill export | gzip > queue.jsonl.gz
  opmill export --data broken > saved.jsonl; opmill import --data whole saved.jsonl

The first line says the version, the last one how many records there are; in between is a record
a line with named fields: jobs with what they are to do, their results, notifications, objects,
pauses. It works on a queue that does not open otherwise: what does not read is named on standard
error and left out. The results themselves, being files, are not in it.

Exit codes: 0 everything was written, 1 something was left out, 2 wrong usage.")]
pub struct Args {
    /// Folder of the queue.
    #[arg(long, value_name = "DIR", default_value = "./.opmill")]
    data: PathBuf,
}

pub fn export(args: &Args) -> Result<Outcome, CliError> {
    open::must_exist(&args.data)?;
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let report = &mut |finding: &upkeep::Finding| text::note(&format!("left out: {finding}"));
    let done = upkeep::export(&args.data, &mut out, report);
    let done = done.map_err(|error| open::in_use(error, &args.data))?;
    match done.left_out {
        0 => Ok(Outcome::Succeeded),
        left_out => {
            let (records, left_out) = (done.records, text::count(left_out as usize, "record"));
            text::note(&format!(
                "wrote {records}, left out {left_out} that did not read"
            ));
            Ok(Outcome::Failed)
        }
    }
}
