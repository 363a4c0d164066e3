//! The op language through its public door: what is accepted, what it means, what people are told.
#![allow(clippy::unwrap_used)] // the helpers of tests are tests

mod conflicts;
mod conformance;
mod entries;
mod frames;
mod golden;
mod joins;
mod overlay;
mod parameters;
mod picture;
mod properties;
mod reference;
mod segments;
mod stills;
mod structure;
mod templates;

use opmill_ops::{Command, CommandError, Pipeline, parse};

/// The only command of an op string.
fn command(text: &str) -> Command {
    let commands = parse(text).unwrap_or_else(|error| panic!("{text:?} is malformed: {error}"));
    let [command] = <[Command; 1]>::try_from(commands).expect("one command");
    command
}

/// What the only command of an op string means.
fn pipeline(text: &str) -> Pipeline {
    command(text)
        .pipeline
        .unwrap_or_else(|error| panic!("{text:?} is refused: {error}"))
}

/// Why the only command of an op string means nothing.
fn refusal(text: &str) -> CommandError {
    match command(text).pipeline {
        Ok(pipeline) => panic!("{text:?} was accepted as {pipeline}"),
        Err(error) => error,
    }
}
