//! Takes a request to manage objects: what is malformed is refused here, what is accepted is on disk.

use opmill_ops::{BucketName, Entry};
use opmill_store::{NewJob, Priority};

use super::grammar::{self, ManageError, Task};
use super::{Managed, Verb};
use crate::error::EngineError;
use crate::events::EngineEvent;
use crate::job::Submitted;
use crate::shared::Shared;
use crate::spec::Spec;
use crate::submit::check_receiver;

/// A request: what to do with which objects.
#[derive(Debug, Clone)]
#[must_use = "a spec does nothing until it is submitted"]
pub struct ManageSpec {
    verb: Verb,
    items: String,
    tasks: Vec<Task>,
    notify: Option<String>,
    separate: bool,
    force: bool,
    signed_by: Option<String>,
}

impl ManageSpec {
    /// Reads the items of a request as the protocol writes them, separated by `;`.
    ///
    /// # Errors
    /// [`ManageError`] for the first item that is malformed.
    pub fn read(verb: Verb, items: &str) -> Result<Self, ManageError> {
        Ok(Self {
            verb,
            items: items.to_owned(),
            tasks: grammar::read(verb, items)?,
            notify: None,
            separate: false,
            force: false,
            signed_by: None,
        })
    }

    /// Every bucket the items touch, once each.
    pub fn buckets(&self) -> Vec<&BucketName> {
        let mut buckets: Vec<_> = self.tasks.iter().flat_map(Task::buckets).collect();
        buckets.sort_unstable_by_key(|bucket| bucket.as_str());
        buckets.dedup();
        buckets
    }

    /// Send signed notifications to this address (wire.md 7.6).
    pub fn notify(mut self, url: impl Into<String>) -> Self {
        self.notify = Some(url.into());
        self
    }

    /// One notification per item instead of one in all.
    pub fn separate(mut self, separate: bool) -> Self {
        self.separate = separate;
        self
    }

    /// Replace objects that are there.
    pub fn force(mut self, force: bool) -> Self {
        self.force = force;
        self
    }

    /// The access key of the pair that asked for it; notifications are signed with that pair.
    pub fn signed_by(mut self, access_key: impl Into<String>) -> Self {
        self.signed_by = Some(access_key.into());
        self
    }
}

pub(crate) async fn submit(shared: &Shared, request: ManageSpec) -> Result<Submitted, EngineError> {
    if let Some(trouble) = shared.trouble() {
        return Err(trouble);
    }
    if let Some(url) = &request.notify {
        check_receiver(shared, url)?;
    }
    for bucket in request.buckets() {
        if !shared.buckets.is_named(bucket) {
            return Err(EngineError::BucketNotFound {
                bucket: bucket.clone(),
            });
        }
    }
    let first = request.tasks.first().and_then(|task| task.buckets().pop());
    let bucket = first.ok_or(ManageError::Empty)?.clone();
    let spec = Spec {
        // No object: it says whose job it is.
        source: Entry {
            key: request.verb.name().parse()?,
            bucket,
        },
        size: 0,
        ops: request.items,
        out: None,
        notify: request.notify,
        separate: request.separate,
        lenient: false,
        explain: false,
        access_key: request.signed_by,
        manage: Some(Managed {
            verb: request.verb,
            force: request.force,
        }),
    };
    let job = NewJob {
        idempotency_key: None,
        priority: Priority::default(),
        lane: spec.source.bucket.to_string(),
        due: None,
        commands: u32::try_from(request.tasks.len()).unwrap_or(u32::MAX),
        spec: spec.to_json(),
        // Doing it once more is not the same as having done it.
        work: None,
        anew: true,
    };
    let enqueued = shared.store(move |store| store.enqueue(job)).await?;
    let (id, existing) = (enqueued.id, enqueued.existing);
    shared.events.send(EngineEvent::Submitted { job: id });
    shared.available(1);
    Ok(Submitted { id, existing })
}
