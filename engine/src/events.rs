//! What happens, as it happens: a broadcast that never waits for its listeners. A slow listener misses the oldest
//! events and goes on with the newer ones; the truth is in the store, events only say when to look.

use std::time::Duration;

use opmill_ops::Phase;
use opmill_store::{DeliveryId, ItemIndex, JobId, JobState, UnixMillis};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::item::Item;
use crate::lock::lock;

/// Events a listener may lag behind before it misses some.
const CAPACITY: usize = 1024;

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum EngineEvent {
    /// A job is on disk. A quick worker may have [`Started`](Self::Started) it before this is told.
    Submitted {
        /// The job.
        job: JobId,
    },
    /// An attempt at a job begins.
    Started {
        /// The job.
        job: JobId,
        /// 1 for the first.
        attempt: u32,
    },
    /// A command gets on. At most ten a second for each command.
    Progress(Progress),
    /// A command has its result.
    Item {
        /// The job.
        job: JobId,
        /// The command and its result.
        item: Box<Item>,
    },
    /// An attempt failed for a reason that may pass; the commands without a result run again.
    Retrying {
        /// The job.
        job: JobId,
        /// The attempt that failed.
        attempt: u32,
        /// When the next one may start.
        at: UnixMillis,
        /// Why.
        error: String,
    },
    /// An attempt was given back, because the engine is shutting down.
    Interrupted {
        /// The job.
        job: JobId,
    },
    /// An attempt lost its lease; its results are not kept and another attempt follows.
    LeaseLost {
        /// The job.
        job: JobId,
    },
    /// The job is final.
    Finished {
        /// The job.
        job: JobId,
        /// `Completed`, `Cancelled` or `Discarded`.
        state: JobState,
    },
    /// A notification was taken by its receiver.
    Delivered {
        /// The job it is about.
        job: JobId,
        /// The notification.
        delivery: DeliveryId,
    },
    /// An attempt to deliver a notification failed.
    DeliveryFailed {
        /// The job it is about.
        job: JobId,
        /// The notification.
        delivery: DeliveryId,
        /// Attempts so far.
        attempts: u32,
        /// Why.
        error: String,
        /// When it is tried again; `None` when it is given up.
        next: Option<UnixMillis>,
    },
}

impl EngineEvent {
    /// The job an event is about.
    pub fn job(&self) -> JobId {
        match self {
            Self::Progress(progress) => progress.job,
            Self::Submitted { job }
            | Self::Started { job, .. }
            | Self::Item { job, .. }
            | Self::Retrying { job, .. }
            | Self::Interrupted { job }
            | Self::LeaseLost { job }
            | Self::Finished { job, .. }
            | Self::Delivered { job, .. }
            | Self::DeliveryFailed { job, .. } => *job,
        }
    }
}

/// How far a command is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// The job.
    pub job: JobId,
    /// The command.
    pub index: ItemIndex,
    /// Working, or writing the end of the file.
    pub phase: Phase,
    /// Share of the output that is done, 0 to 100; unknown for sources of unknown length.
    pub percent: Option<f64>,
    /// Seconds of output done per second of time: 2.0 is twice real time.
    pub speed: Option<f64>,
    /// Time left at this speed.
    pub eta: Option<Duration>,
}

/// A stream of what happens from now on; made by [`Engine::events`](crate::Engine::events).
#[derive(Debug)]
pub struct Events(Option<broadcast::Receiver<EngineEvent>>);

impl Events {
    /// The next event; `None` when the engine is closed. Cancel-safe.
    pub async fn next(&mut self) -> Option<EngineEvent> {
        let receiver = self.0.as_mut()?;
        loop {
            match receiver.recv().await {
                Ok(event) => return Some(event),
                Err(RecvError::Lagged(missed)) => {
                    tracing::debug!(missed, "a listener is behind and missed events")
                }
                Err(RecvError::Closed) => return None,
            }
        }
    }
}

/// The engine's end.
#[derive(Debug)]
pub(crate) struct Broadcast(std::sync::Mutex<Option<broadcast::Sender<EngineEvent>>>);

impl Broadcast {
    pub fn new() -> Self {
        Self(std::sync::Mutex::new(Some(broadcast::Sender::new(
            CAPACITY,
        ))))
    }

    /// Tells whoever listens.
    pub fn send(&self, event: EngineEvent) {
        tracing::trace!(?event);
        if let Some(sender) = lock(&self.0).as_ref() {
            // An error says that nobody listens.
            let _ = sender.send(event);
        }
    }

    pub fn listen(&self) -> Events {
        Events(lock(&self.0).as_ref().map(broadcast::Sender::subscribe))
    }

    /// Ends every stream.
    pub fn close(&self) {
        lock(&self.0).take();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(attempt: u32) -> EngineEvent {
        EngineEvent::Started {
            job: "0123456789abffffffffffffffffffffffff".parse().unwrap(),
            attempt,
        }
    }

    #[tokio::test]
    async fn a_listener_that_lags_goes_on_with_what_is_left() {
        let broadcast = Broadcast::new();
        let mut events = broadcast.listen();
        let sent = CAPACITY as u32 + 10;
        (1..=sent).for_each(|attempt| broadcast.send(event(attempt)));
        assert_eq!(events.next().await, Some(event(11)));
        broadcast.close();
        let mut last = None;
        while let Some(event) = events.next().await {
            last = Some(event);
        }
        assert_eq!(last, Some(event(sent)));
        assert_eq!(broadcast.listen().next().await, None);
    }
}
