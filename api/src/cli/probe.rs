//! `opmill probe FILE`: the avinfo JSON of a file (`wire.md` 6.9).

use std::path::PathBuf;

use opmill_engine::ops::{self, Limits};

use super::{CliError, Outcome, text};

/// Prints what a media file is, as JSON.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  opmill probe clip.mp4
  opmill probe clip.mp4 | jq -r .format.duration")]
pub struct Args {
    /// The file. What it is, its bytes say, not its name.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub fn probe(args: &Args) -> Result<Outcome, CliError> {
    let unreadable = |source| CliError::Unreadable {
        path: args.file.clone(),
        source,
    };
    // Asked of the system first: its words say more about a missing file than a demuxer's do.
    std::fs::File::open(&args.file).map_err(unreadable)?;
    let probe = ops::probe(&args.file, &Limits::default()).map_err(|source| CliError::Probe {
        path: args.file.clone(),
        source: Box::new(source),
    })?;
    let json = serde_json::to_string_pretty(&probe.avinfo()).map_err(std::io::Error::from)?;
    text::print(&format!("{json}\n"))?;
    Ok(Outcome::Succeeded)
}
