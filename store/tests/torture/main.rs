//! Faults: what was acknowledged is there afterwards, whether the process was killed, the power went, the disk failed
//! or its bytes were damaged. `make torture` runs the long forms (`TORTURE=long`, see dice.rs).
#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;

mod child;
mod client;
mod cut;
mod dice;
mod disk;
mod fault;
mod figures;
mod history;
mod record;

mod damage;
mod kill;
mod leases;
mod power;
mod refusals;
mod reopening;
