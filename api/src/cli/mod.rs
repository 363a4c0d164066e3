//! What can be typed. One subcommand a file; this one lists them and knows the exit codes.

mod completions;
mod doctor;
mod error;
mod export;
mod follow;
mod import;
mod interrupt;
mod items;
mod jobs;
mod open;
mod ops;
mod probe;
mod progress;
mod run;
mod serve;
mod text;

use std::process::ExitCode;

pub use error::CliError;

/// Batch media processing on a durable queue.
#[derive(Debug, clap::Parser)]
#[command(name = "opmill", version, propagate_version = true, after_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  opmill run --ops 'avthumb/mp4/s/640x|saveas/small:$(fprefix).mp4' films/
  opmill serve --dev
  opmill probe clip.mp4
  opmill ops vframe

Exit codes: 0 all succeeded, 1 a command failed, 2 wrong usage, 130 interrupted.
Set OPMILL_LOG (such as OPMILL_LOG=debug) to see the log on standard error.";

#[derive(Debug, clap::Subcommand)]
enum Command {
    Run(run::Args),
    Serve(serve::Args),
    Probe(probe::Args),
    Ops(ops::Args),
    Jobs(jobs::Args),
    Doctor(doctor::Args),
    Export(export::Args),
    Import(import::Args),
    Completions(completions::Args),
}

impl Cli {
    /// Does what was typed.
    pub fn run(self) -> Result<Outcome, CliError> {
        match self.command {
            Command::Run(args) => on_a_runtime(run::run(args)),
            Command::Serve(args) => on_a_runtime(serve::serve(args)),
            Command::Probe(args) => probe::probe(&args),
            Command::Ops(args) => ops::ops(&args),
            Command::Jobs(args) => on_a_runtime(jobs::jobs(args)),
            Command::Doctor(args) => doctor::doctor(&args),
            Command::Export(args) => export::export(&args),
            Command::Import(args) => import::import(&args),
            Command::Completions(args) => completions::completions(&args),
        }
    }
}

fn on_a_runtime(
    task: impl Future<Output = Result<Outcome, CliError>>,
) -> Result<Outcome, CliError> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(task)
}

/// How a subcommand ended, when it could do its work at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Everything worked.
    Succeeded,
    /// At least one command of a job failed.
    Failed,
    /// What was typed cannot be done; nothing ran.
    Usage,
    /// Ctrl-C; what is left is in the queue.
    Interrupted,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(match outcome {
            Outcome::Succeeded => 0,
            Outcome::Failed => 1,
            Outcome::Usage => 2,
            Outcome::Interrupted => 130,
        })
    }
}
