//! The queues that are compared, all with the same three steps: hand a job in, take one, end it.

pub mod beanstalkd;
pub mod opmill;
pub mod postgresql;
pub mod redis;
mod server;
mod wire;

use std::thread;
use std::time::{Duration, Instant};

use crate::Failure;

/// A queue that is running.
pub trait Peer: Sync {
    fn name(&self) -> &'static str;
    /// A client with a connection of its own.
    fn client(&self) -> Result<Box<dyn Client>, Failure>;
}

/// One client, on its own thread.
pub trait Client: Send {
    /// Hands a job in, takes one, ends it; each step acknowledged before the next.
    fn one_job(&mut self) -> Result<(), Failure>;
}

/// Has each of `clients` do `jobs_each` jobs at the same time; how long that took, connecting aside.
pub fn run(peer: &dyn Peer, clients: usize, jobs_each: usize) -> Result<Duration, Failure> {
    let mut connected = (0..clients)
        .map(|_| peer.client())
        .collect::<Result<Vec<_>, _>>()?;
    let started = Instant::now();
    thread::scope(|scope| {
        let work = |client: &mut Box<dyn Client>| (0..jobs_each).try_for_each(|_| client.one_job());
        let threads: Vec<_> = connected
            .iter_mut()
            .map(|client| scope.spawn(move || work(client)))
            .collect();
        let ended = threads.into_iter().map(|thread| {
            thread
                .join()
                .unwrap_or_else(|_| Err("a client panicked".into()))
        });
        ended.collect::<Result<Vec<()>, Failure>>()
    })?;
    Ok(started.elapsed())
}
