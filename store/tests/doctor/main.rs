//! Stores that are damaged: what is wrong is found, named and mended, and what reads is saved. And stores that move, as
//! JSON lines.
#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;

mod bits;
mod examining;
mod full_store;
mod moving;
