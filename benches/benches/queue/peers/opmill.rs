//! Our store, in the process of its clients: an embedded queue has no other side to talk to.

use std::path::Path;
use std::time::Duration;

use opmill_store::{Event, NewJob, Options, Store, WorkerId};

use super::{Client, Peer};
use crate::{Failure, PAYLOAD};

pub const LEASE: Duration = Duration::from_secs(60);

pub struct Opmill(Store);

impl Opmill {
    pub fn start(dir: &Path) -> Result<Opmill, Failure> {
        Ok(Opmill(Store::open(dir, Options::default())?))
    }

    pub fn syncs(&self) -> u64 {
        self.0.syncs()
    }
}

/// The job everybody is measured with.
pub fn job() -> NewJob {
    NewJob {
        commands: 1,
        spec: PAYLOAD.to_owned(),
        ..NewJob::default()
    }
}

impl Peer for Opmill {
    fn name(&self) -> &'static str {
        "opmill (in process)"
    }

    fn client(&self) -> Result<Box<dyn Client>, Failure> {
        Ok(Box::new(self.0.clone()))
    }
}

impl Client for Store {
    fn one_job(&mut self) -> Result<(), Failure> {
        self.enqueue(job())?;
        let claimed = self.claim(&WorkerId::new("bench"), LEASE)?;
        let (lease, claimed) = claimed.ok_or("the queue is empty")?;
        assert_eq!(claimed.spec, PAYLOAD);
        self.finish(&lease, Event::Succeeded, vec![], vec![], None)?;
        Ok(())
    }
}
