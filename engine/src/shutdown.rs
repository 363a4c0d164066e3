//! The end of an engine: first no new claims (drain), then running attempts are interrupted and given back, then the
//! store is closed. Each stage is entered once, in this order, and everyone can see it.

use std::sync::Arc;

use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::attempt::Stop;
use crate::error::EngineError;
use crate::shared::Shared;

/// How far the end is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// It has not begun.
    Open,
    /// Running attempts go on; nothing new is claimed.
    Draining,
    /// Running attempts are to stop; deliveries and the scheduler end.
    Interrupting,
    /// The store is closed.
    Closed,
}

/// The tasks of an engine.
#[derive(Debug, Default)]
pub(crate) struct Tasks {
    pub workers: JoinSet<()>,
    /// The scheduler and the deliverer.
    pub services: JoinSet<()>,
}

impl Shared {
    pub fn stage(&self) -> Stage {
        *self.stage.borrow()
    }

    /// Completes when the end has come at least as far as `stage`.
    pub async fn reached(&self, stage: Stage) {
        // The sender is in self, so it outlives the wait.
        let _ = self
            .stage
            .subscribe()
            .wait_for(|current| *current >= stage)
            .await;
    }

    /// Goes on to `stage`, never back.
    fn enter(&self, stage: Stage) {
        self.stage.send_if_modified(|current| {
            let later = *current < stage;
            *current = stage.max(*current);
            later
        });
    }

    /// Stops claiming and interrupts what runs. Also what dropping the last handle of an engine does; the tasks then
    /// end by themselves and the store closes with the last of them.
    pub fn interrupt(&self) {
        self.enter(Stage::Interrupting);
        // After the stage: an attempt that is not listed yet sees the stage when it is.
        self.running.stop_all(Stop::Interrupted);
    }
}

/// Ends the engine. Later callers wait for the first one and find nothing left to do.
pub(crate) async fn shutdown(
    shared: Arc<Shared>,
    tasks: Arc<Mutex<Option<Tasks>>>,
) -> Result<(), EngineError> {
    let mut tasks = tasks.lock().await;
    let Some(Tasks {
        mut workers,
        mut services,
    }) = tasks.take()
    else {
        return Ok(());
    };
    shared.enter(Stage::Draining);
    let deadline = shared
        .clock
        .sleep_until(shared.now().plus(shared.config.workers.drain));
    tokio::select! {
        () = all_ended(&mut workers) => {}
        () = deadline => tracing::info!(jobs = shared.running.count(), "interrupting running jobs"),
    }
    shared.interrupt();
    all_ended(&mut workers).await;
    all_ended(&mut services).await;
    let closed = match shared.take_store() {
        Some(store) => tokio::task::spawn_blocking(move || store.close())
            .await
            .map_err(crate::shared::panicked),
        None => Ok(Ok(())),
    };
    let closed = closed.and_then(|closed| closed.map_err(|error| shared.refused(error)));
    shared.enter(Stage::Closed);
    shared.events.close();
    shared.watchers.all_changed();
    closed
}

async fn all_ended(tasks: &mut JoinSet<()>) {
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "a task of the engine ended by a panic");
        }
    }
}
