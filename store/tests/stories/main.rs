//! The store through its public door: what a client and a worker can rely on, one story a test.
#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;

mod cut_short;
mod ending;
mod following;
mod full;
mod histories;
mod lanes;
mod lasting;
mod leases;
mod opening;
mod queueing;
mod stopping;
