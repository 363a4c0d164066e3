//! `opmill completions SHELL`: prints the completion script of a shell.

use clap::CommandFactory;
use clap_complete::Shell;

use super::{Cli, CliError, Outcome, text};

/// Prints the completion script for a shell.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  opmill completions bash > ~/.local/share/bash-completion/completions/opmill
  opmill completions zsh > ~/.zfunc/_opmill
  opmill completions fish > ~/.config/fish/completions/opmill.fish")]
pub struct Args {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

pub fn completions(args: &Args) -> Result<Outcome, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "opmill", &mut script);
    text::print(&String::from_utf8_lossy(&script))?;
    Ok(Outcome::Succeeded)
}
