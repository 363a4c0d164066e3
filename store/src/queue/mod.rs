//! The queue's verbs: one a file, each one transaction, since a crash between two would leave half a step.

mod begin;
mod cancel;
mod claim;
mod enqueue;
mod finish;
mod follow;
mod heartbeat;
mod hold;
mod pause;
mod promote;
mod redrive;
mod rescue;

pub use cancel::CancelOutcome;
pub use claim::Limits;
pub(crate) use follow::may_lead;
pub use heartbeat::Verdict;
pub use pause::Paused;
pub(crate) use pause::{is_pause, pause_key, paused_lane};
pub use promote::Promotion;
pub use rescue::Rescued;
pub(crate) use rescue::take_back;

/// Jobs moved in one transaction by the verbs that move many: enough to share the cost, few enough that a claim
/// does not wait long.
pub(crate) const BATCH: usize = 256;
