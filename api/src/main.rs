//! The `opmill` command: parse what was typed, dispatch it, turn the outcome into an exit code.
#![forbid(unsafe_code)]

mod cli;
mod http;
mod settings;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    opmill_engine::ops::quiet_encoders();
    let cli = cli::Cli::parse();
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("OPMILL_LOG")
                .unwrap_or_else(|_| "error".into()),
        )
        .with_writer(std::io::stderr)
        .init();
    match cli.run() {
        Ok(outcome) => outcome.into(),
        Err(error) => {
            eprintln!("opmill: {error}");
            error.outcome().into()
        }
    }
}
