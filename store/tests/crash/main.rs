//! Crashes: what was acknowledged is there afterwards, whether the process was killed or the power went.
#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;

mod acknowledged;
mod kill;
mod power_loss;
