//! What a supervisor and a load balancer want to know: does the engine take jobs, does it run them, is it lost?

use opmill_store::Store;

use crate::error::{self, EngineError};
use crate::shared::Shared;
use crate::shutdown::Stage;

/// What an engine can promise.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Health {
    /// It takes jobs and runs them.
    Working,
    /// It runs the jobs it has and takes no new ones, because the disk is almost full. Ends by itself when there is room.
    LowSpace {
        /// How much there is and how much there should be.
        cause: String,
    },
    /// It is being shut down, or was.
    Closing,
    /// The disk of its queue failed: it stopped, and only a restart finds out what is really on disk.
    Failed {
        /// What happened and what can be done.
        cause: String,
    },
}

pub(crate) fn of(shared: &Shared) -> Health {
    match shared.trouble() {
        Some(EngineError::Broken { cause }) => Health::Failed { cause },
        Some(_) => Health::Closing,
        None => match shared.borrow_store(Store::admit) {
            Some(Err(low)) => Health::LowSpace {
                cause: error::report(&low),
            },
            _ => Health::Working,
        },
    }
}

/// An engine that breaks down is interrupted, after the reason was noted.
pub(crate) async fn wait_failed(shared: &Shared) -> Option<EngineError> {
    shared.reached(Stage::Interrupting).await;
    if shared.broken().is_none() {
        // An orderly end, in which the disk may still fail.
        shared.reached(Stage::Closed).await;
    }
    shared.broken()
}
