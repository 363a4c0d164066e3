//! A server as its clients meet it: started as a process, spoken to over sockets, with services of the test beside it.
//! The client, the services and the signatures are the test's own.
// In a test a panic is the way to say no; clippy knows that of #[test] functions only.
#![allow(clippy::unwrap_used)]

mod append;
mod client;
mod fmgr;
mod server;
mod service;
mod ufop;
