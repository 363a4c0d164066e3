//! The server as clients meet it: a real `opmill serve` on a port of its own, spoken to over HTTP. Statements of the
//! protocol's conformance list are tests named after their number.
// In a test a panic is the way to say no; clippy knows that of #[test] functions only.
#![allow(clippy::unwrap_used)]

mod blocks;
mod calls;
mod customer;
mod downloads;
mod management;
mod operations;
mod serving;
mod uploads;
mod world;
