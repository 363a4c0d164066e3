//! The names of spans and fields in the engine's traces, in one place, so that dashboards can rely on them.
//!
//! | Span | Fields | Around |
//! |---|---|---|
//! | `attempt` | `job`, `fence`, `attempt` | one attempt at a job, claim to verdict |
//! | `delivery` | `job`, `delivery`, `attempt` | one try at a notification |
//!
//! Events carry `job` as well, `error` where something failed and `at` (Unix milliseconds) where something waits.
//! Secrets are never recorded.

use opmill_store::{Delivery, Job, Lease};
use tracing::{Span, field, info_span};

/// The span of an attempt.
pub(crate) fn attempt(lease: &Lease, job: &Job) -> Span {
    info_span!(
        "attempt",
        job = field::display(job.id),
        fence = lease.fence,
        attempt = job.attempts
    )
}

/// The span of one try at a notification.
pub(crate) fn delivery(delivery: &Delivery) -> Span {
    info_span!(
        "delivery",
        job = field::display(delivery.job),
        delivery = field::display(delivery.id),
        attempt = delivery.attempts + 1
    )
}
