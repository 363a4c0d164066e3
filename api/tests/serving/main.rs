//! A server as its clients meet it: started as a process, spoken to over sockets, with services of the test beside it.
//! The client, the services and the signatures are the test's own.

mod client;
mod fmgr;
mod server;
mod service;
mod ufop;
