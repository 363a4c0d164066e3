//! Clients and workers that say what was acknowledged, as lines of text.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use opmill_store::{
    Event, ItemIndex, ItemOutcome, JobId, NewItem, NewJob, Next, Priority, Store, StoreError,
    StoredObject, UnixMillis, WorkerId,
};

use crate::common::{ALL_DONE, LEASE, command_done};
use crate::dice::Dice;

/// Something the store has answered for; or, for `Pruning`, is going to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ack {
    /// The job, and the number that its spec follows from.
    Enqueued(JobId, u64),
    Claimed(JobId, u64),
    Recorded(JobId, u32),
    /// The attempt ended without an end of the job.
    Returned(JobId),
    Finished(JobId),
    Delivered(JobId),
    /// The object of a client, and how often it was put.
    Object(u64, u64),
    /// Jobs that end before the next `Pruned` may be gone once what they owe is delivered.
    Pruning,
    Pruned,
    /// A verb failed for want of a working disk.
    Refused,
}

impl fmt::Display for Ack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Enqueued(job, number) => write!(f, "ack enqueued {job} {number}"),
            Self::Claimed(job, fence) => write!(f, "ack claimed {job} {fence}"),
            Self::Recorded(job, index) => write!(f, "ack recorded {job} {index}"),
            Self::Returned(job) => write!(f, "ack returned {job} 0"),
            Self::Finished(job) => write!(f, "ack finished {job} 0"),
            Self::Delivered(job) => write!(f, "ack delivered {job} 0"),
            Self::Object(client, version) => write!(f, "ack object {client} {version}"),
            Self::Pruning => write!(f, "ack pruning 0 0"),
            Self::Pruned => write!(f, "ack pruned 0 0"),
            Self::Refused => write!(f, "ack refused 0 0"),
        }
    }
}

impl FromStr for Ack {
    type Err = ();

    fn from_str(line: &str) -> Result<Ack, ()> {
        let words: Vec<_> = line.split_whitespace().collect();
        let ["ack", verb, subject, number] = words[..] else {
            return Err(());
        };
        let number: u64 = number.parse().map_err(drop)?;
        let job = || subject.parse::<JobId>().map_err(drop);
        Ok(match verb {
            "enqueued" => Self::Enqueued(job()?, number),
            "claimed" => Self::Claimed(job()?, number),
            "recorded" => Self::Recorded(job()?, u32::try_from(number).map_err(drop)?),
            "returned" => Self::Returned(job()?),
            "finished" => Self::Finished(job()?),
            "delivered" => Self::Delivered(job()?),
            "object" => Self::Object(subject.parse().map_err(drop)?, number),
            "pruning" => Self::Pruning,
            "pruned" => Self::Pruned,
            "refused" => Self::Refused,
            _ => return Err(()),
        })
    }
}

/// The spec that follows from a number; some of them longer than one part.
pub fn spec(number: u64) -> String {
    let length = (number.wrapping_mul(997) % 9000) as usize;
    format!("spec {number} {}", "x".repeat(length))
}

/// The result of a command that follows from its job.
pub fn item(job: JobId, index: u32) -> NewItem {
    let id = job.to_string();
    let length = id.bytes().map(usize::from).sum::<usize>() % 6000;
    NewItem {
        index: ItemIndex(index),
        outcome: ItemOutcome::Succeeded,
        body: format!("{id} {index} {}", "y".repeat(length)),
    }
}

pub fn object_name(client: u64) -> String {
    format!("bucket:object-{client}")
}

pub fn object(version: u64) -> StoredObject {
    StoredObject {
        hash: format!("hash-{version}"),
        size: version,
        mime: Some("video/mp4".to_owned()),
        modified: UnixMillis::new(version),
        stored: UnixMillis::new(version),
        expires: None,
    }
}

/// One of several that work at the same store.
pub struct Client<'a, Say> {
    pub store: &'a Store,
    pub number: u64,
    pub dice: Dice,
    /// How often this one's object was put.
    pub version: u64,
    /// Takes an acknowledgement; says whether to go on.
    pub say: Say,
}

/// The answer to whoever stops a client in the middle.
struct Enough;

enum End {
    Enough,
    Failed(StoreError),
}

impl From<StoreError> for End {
    fn from(error: StoreError) -> End {
        End::Failed(error)
    }
}

impl From<Enough> for End {
    fn from(_: Enough) -> End {
        End::Enough
    }
}

impl<Say: Fn(Ack) -> bool> Client<'_, Say> {
    /// Runs jobs from submission to delivery until there is enough, or the store fails.
    pub fn run(&mut self) -> Result<(), StoreError> {
        loop {
            match self.job() {
                Ok(()) => {}
                Err(End::Enough) => return Ok(()),
                Err(End::Failed(error)) => return Err(error),
            }
        }
    }

    fn say(&self, ack: Ack) -> Result<(), Enough> {
        match (self.say)(ack) {
            true => Ok(()),
            false => Err(Enough),
        }
    }

    fn new_job(&mut self) -> (u64, NewJob) {
        let number = self.dice.next() >> 16;
        let due = match self.dice.below(8) {
            0 => Some(UnixMillis::new(number % 1_000_000)),
            _ => None,
        };
        let job = NewJob {
            idempotency_key: (self.dice.below(4) == 0).then(|| format!("key-{number}")),
            priority: Priority::new(98 + self.dice.below(4) as u8),
            lane: format!("lane-{}", self.dice.below(3)),
            due,
            commands: 2,
            spec: spec(number),
            ..NewJob::default()
        };
        (number, job)
    }

    fn job(&mut self) -> Result<(), End> {
        let count = if self.dice.below(10) == 0 { 4 } else { 1 };
        let jobs: Vec<_> = (0..count).map(|_| self.new_job()).collect();
        let (numbers, jobs): (Vec<_>, Vec<_>) = jobs.into_iter().unzip();
        let enqueued = self.store.enqueue_all(jobs)?;
        for (enqueued, number) in enqueued.iter().zip(numbers) {
            self.say(Ack::Enqueued(enqueued.id, number))?;
        }
        for _ in 0..count {
            self.attempt()?;
        }
        if self.dice.below(4) == 0 {
            self.version += 1;
            self.store
                .put_object(&object_name(self.number), object(self.version))?;
            self.say(Ack::Object(self.number, self.version))?;
        }
        if self.dice.below(40) == 0 {
            self.say(Ack::Pruning)?;
            // Removing jobs lets sled write over old parts of its file.
            self.store.prune(UnixMillis::new(u64::MAX), 100)?;
            self.say(Ack::Pruned)?;
        }
        Ok(())
    }

    fn attempt(&mut self) -> Result<(), End> {
        let Some((lease, job)) = self.store.claim(&WorkerId::new("client"), LEASE)? else {
            return Ok(());
        };
        self.say(Ack::Claimed(job.id, lease.fence))?;
        match self
            .store
            .record_item(&lease, item(job.id, 0), Some(command_done(0)))
        {
            Ok(()) => self.say(Ack::Recorded(job.id, 0))?,
            // By an attempt that was cut short.
            Err(StoreError::AlreadyRecorded { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let unfinished = match self.dice.below(12) {
            0 => Some(Event::Failed(Next::RetryAt(self.store.now()))),
            1 => Some(Event::Interrupted),
            _ => None,
        };
        if let Some(event) = unfinished {
            let error = Some("the storage is away".to_owned());
            self.store.finish(&lease, event, vec![], vec![], error)?;
            self.say(Ack::Returned(job.id))?;
            self.store.promote()?;
            return Ok(());
        }
        if self.dice.below(3) == 0 {
            self.store
                .heartbeat(&lease, LEASE + Duration::from_secs(1))?;
        }
        let last = vec![item(job.id, 1)];
        self.store
            .finish(&lease, Event::Succeeded, last, vec![ALL_DONE], None)?;
        self.say(Ack::Finished(job.id))?;
        self.say(Ack::Recorded(job.id, 1))?;
        for delivery in self.store.deliveries(job.id)? {
            self.store.delivered(delivery.id)?;
        }
        self.say(Ack::Delivered(job.id))?;
        Ok(())
    }
}
