//! The lines of an export: JSON with named fields, ids in their text forms, times in milliseconds since 1970. A field that is
//! not known is an error and not a loss; a field that is missing has the value it had before there was such a field.

use serde::{Deserialize, Serialize};

use crate::id::{DeliveryId, ItemIndex, JobId, MessageId, Priority, UnixMillis};
use crate::items::{Item, ItemOutcome};
use crate::jobs::JobRecord;
use crate::leases::LeaseRecord;
use crate::messages::Message;
use crate::objects::StoredObject;
use crate::outbox::{Delivery, DeliveryState, OwedScope};
use crate::state::{JobState, Lease};

/// The version of the lines. A program reads this one and all before it.
pub(crate) const VERSION: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Line {
    /// The first one.
    OpmillExport {
        version: u32,
        created_by: String,
        exported: u64,
    },
    Job(Box<JobLine>),
    Item(ItemLine),
    /// What went wrong with a job so far, as the record of that schema has it.
    History {
        job: JobId,
        schema: u16,
        history: serde_json::Value,
    },
    /// What the attempt at a job is at, as the record of that schema has it.
    Activity {
        job: JobId,
        schema: u16,
        activity: serde_json::Value,
    },
    Delivery(DeliveryLine),
    Object(ObjectLine),
    Pause {
        /// None: everything.
        lane: Option<String>,
        since: u64,
    },
    Message(MessageLine),
    NextMessage {
        next: u64,
    },
    NextDelivery {
        next: u64,
    },
    /// The last one, so that an export that was cut off is noticed.
    End {
        records: u64,
        /// Nothing had to be left out.
        complete: bool,
    },
}

/// A job follows before its items, and all jobs before deliveries.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JobLine {
    id: JobId,
    state: State,
    /// Scheduled, retryable: when it comes due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<u64>,
    /// Running: under which lease.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lease: Option<LeaseLine>,
    priority: u8,
    lane: String,
    due: u64,
    submitted: u64,
    updated: u64,
    finished: Option<u64>,
    attempts: u32,
    rescues: u32,
    fence: u64,
    commands: u32,
    cancel_requested: bool,
    last_error: Option<String>,
    idempotency_key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    work: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    follows: Option<JobId>,
    spec: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    Scheduled,
    Available,
    Running,
    Retryable,
    Completed,
    Cancelled,
    Discarded,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LeaseLine {
    /// When it ran out as claimed; heartbeats moved `expires` on since.
    claimed_until: u64,
    expires: u64,
    worker: String,
    cancel_requested: bool,
}

impl JobLine {
    /// `lease`: the one that is on record for it.
    pub(crate) fn new(job: JobRecord, lease: Option<LeaseRecord>, spec: String) -> JobLine {
        let JobRecord {
            id,
            state,
            priority,
            lane,
            due,
            submitted,
            updated,
            finished,
            attempts,
            rescues,
            fence,
            commands,
            cancel_requested,
            last_error,
            idempotency_key,
            work,
            follows,
        } = job;
        let mut claimed_until = None;
        let (state, at) = match state {
            JobState::Scheduled { at } => (State::Scheduled, Some(at.get())),
            JobState::Retryable { at } => (State::Retryable, Some(at.get())),
            JobState::Running(lease) => {
                claimed_until = Some(lease.expires.get());
                (State::Running, None)
            }
            JobState::Available => (State::Available, None),
            JobState::Completed => (State::Completed, None),
            JobState::Cancelled => (State::Cancelled, None),
            JobState::Discarded => (State::Discarded, None),
        };
        let lease = claimed_until.map(|claimed_until| match lease {
            Some(record) => LeaseLine {
                claimed_until,
                expires: record.lease.expires.get(),
                worker: record.worker,
                cancel_requested: record.cancel_requested,
            },
            None => LeaseLine {
                claimed_until,
                expires: claimed_until,
                worker: String::new(),
                cancel_requested,
            },
        });
        JobLine {
            id,
            state,
            at,
            lease,
            priority: priority.rank(),
            lane,
            due: due.get(),
            submitted: submitted.get(),
            updated: updated.get(),
            finished: finished.map(UnixMillis::get),
            attempts,
            rescues,
            fence,
            commands,
            cancel_requested,
            last_error,
            idempotency_key,
            work,
            follows,
            spec,
        }
    }

    /// The job, its lease and its spec; or what the line lacks.
    pub(crate) fn read(self) -> Result<(JobRecord, Option<LeaseRecord>, String), String> {
        let (id, fence) = (self.id, self.fence);
        let at = || self.at.map(UnixMillis::new).ok_or("it has no at");
        let lease = |expires| Lease {
            job: id,
            fence,
            expires: UnixMillis::new(expires),
        };
        let mut held = None;
        let state = match self.state {
            State::Scheduled => JobState::Scheduled { at: at()? },
            State::Retryable => JobState::Retryable { at: at()? },
            State::Running => {
                let line = self.lease.ok_or("it is running and has no lease")?;
                held = Some(LeaseRecord {
                    lease: lease(line.expires),
                    worker: line.worker,
                    cancel_requested: line.cancel_requested,
                });
                JobState::Running(lease(line.claimed_until))
            }
            State::Available => JobState::Available,
            State::Completed => JobState::Completed,
            State::Cancelled => JobState::Cancelled,
            State::Discarded => JobState::Discarded,
        };
        let job = JobRecord {
            id,
            state,
            priority: Priority::new(self.priority),
            lane: self.lane,
            due: UnixMillis::new(self.due),
            submitted: UnixMillis::new(self.submitted),
            updated: UnixMillis::new(self.updated),
            finished: self.finished.map(UnixMillis::new),
            attempts: self.attempts,
            rescues: self.rescues,
            fence,
            commands: self.commands,
            cancel_requested: self.cancel_requested,
            last_error: self.last_error,
            idempotency_key: self.idempotency_key,
            work: self.work,
            follows: self.follows,
        };
        Ok((job, held, self.spec))
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ItemLine {
    pub(crate) job: JobId,
    index: u32,
    outcome: Outcome,
    attempt: u32,
    recorded: u64,
    body: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Outcome {
    Succeeded,
    Failed,
    FailedTransient,
}

impl ItemLine {
    pub(crate) fn new(job: JobId, item: Item) -> ItemLine {
        let Item {
            index,
            outcome,
            attempt,
            recorded,
            body,
        } = item;
        ItemLine {
            job,
            index: index.0,
            outcome: match outcome {
                ItemOutcome::Succeeded => Outcome::Succeeded,
                ItemOutcome::Failed => Outcome::Failed,
                ItemOutcome::FailedTransient => Outcome::FailedTransient,
            },
            attempt,
            recorded: recorded.get(),
            body,
        }
    }

    pub(crate) fn read(self) -> Item {
        Item {
            index: ItemIndex(self.index),
            outcome: match self.outcome {
                Outcome::Succeeded => ItemOutcome::Succeeded,
                Outcome::Failed => ItemOutcome::Failed,
                Outcome::FailedTransient => ItemOutcome::FailedTransient,
            },
            attempt: self.attempt,
            recorded: UnixMillis::new(self.recorded),
            body: self.body,
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeliveryLine {
    id: DeliveryId,
    job: JobId,
    /// None: about the whole job.
    command: Option<u32>,
    code: u8,
    attempts: u32,
    state: How,
    at: u64,
    created: u64,
    last_error: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum How {
    Due,
    Delivered,
    GivenUp,
}

impl DeliveryLine {
    pub(crate) fn new(delivery: Delivery) -> DeliveryLine {
        let Delivery {
            id,
            job,
            scope,
            code,
            attempts,
            state,
            created,
            last_error,
        } = delivery;
        let (state, at) = match state {
            DeliveryState::Due { at } => (How::Due, at),
            DeliveryState::Delivered { at } => (How::Delivered, at),
            DeliveryState::GivenUp { at } => (How::GivenUp, at),
        };
        DeliveryLine {
            id,
            job,
            command: match scope {
                OwedScope::All => None,
                OwedScope::Command(index) => Some(index.0),
            },
            code,
            attempts,
            state,
            at: at.get(),
            created: created.get(),
            last_error,
        }
    }

    pub(crate) fn read(self) -> Delivery {
        let at = UnixMillis::new(self.at);
        let command = |index| OwedScope::Command(ItemIndex(index));
        Delivery {
            id: self.id,
            job: self.job,
            scope: self.command.map_or(OwedScope::All, command),
            code: self.code,
            attempts: self.attempts,
            state: match self.state {
                How::Due => DeliveryState::Due { at },
                How::Delivered => DeliveryState::Delivered { at },
                How::GivenUp => DeliveryState::GivenUp { at },
            },
            created: UnixMillis::new(self.created),
            last_error: self.last_error,
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessageLine {
    id: u64,
    text: String,
    attempts: u32,
    due: u64,
    created: u64,
    last_error: Option<String>,
}

impl MessageLine {
    pub(crate) fn new(message: Message) -> MessageLine {
        let Message {
            id,
            text,
            attempts,
            due,
            created,
            last_error,
        } = message;
        MessageLine {
            id: id.0,
            text,
            attempts,
            due: due.get(),
            created: created.get(),
            last_error,
        }
    }

    pub(crate) fn read(self) -> Message {
        Message {
            id: MessageId(self.id),
            text: self.text,
            attempts: self.attempts,
            due: UnixMillis::new(self.due),
            created: UnixMillis::new(self.created),
            last_error: self.last_error,
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ObjectLine {
    pub(crate) entry: String,
    hash: String,
    size: u64,
    mime: Option<String>,
    modified: u64,
    stored: u64,
    expires: Option<u64>,
}

impl ObjectLine {
    pub(crate) fn new(entry: String, object: StoredObject) -> ObjectLine {
        let StoredObject {
            hash,
            size,
            mime,
            modified,
            stored,
            expires,
        } = object;
        ObjectLine {
            entry,
            hash,
            size,
            mime,
            modified: modified.get(),
            stored: stored.get(),
            expires: expires.map(UnixMillis::get),
        }
    }

    pub(crate) fn read(self) -> (String, StoredObject) {
        let object = StoredObject {
            hash: self.hash,
            size: self.size,
            mime: self.mime,
            modified: UnixMillis::new(self.modified),
            stored: UnixMillis::new(self.stored),
            expires: self.expires.map(UnixMillis::new),
        };
        (self.entry, object)
    }
}
