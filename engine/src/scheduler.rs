//! The timetable: makes jobs available when they come due, takes back those of silent workers, and tells the outbox
//! when a delivery is due. Sleeps until the earliest of these, or until something new makes an earlier one.

use std::sync::Arc;
use std::time::Duration;

use opmill_store::UnixMillis;

use crate::error::EngineError;
use crate::rescue::rescue;
use crate::shared::Shared;
use crate::shutdown::Stage;
use crate::storage;

/// Longest sleep when something that is overdue (a delivery under way, say) hides what comes after it.
const WHILE_OVERDUE: Duration = Duration::from_secs(5);
/// Sleep after an error of the store.
const AFTER_TROUBLE: Duration = Duration::from_secs(1);

/// Keeps the timetable until the engine is interrupted.
pub(crate) async fn run(shared: Arc<Shared>) {
    loop {
        let changed = shared.timetable.bell.notified();
        shared.timetable.look();
        let next = match turn(&shared).await {
            Ok(next) => next,
            Err(EngineError::Closed) => return,
            Err(error) => {
                tracing::error!(error = error.report(), "cannot keep the timetable");
                Some(shared.now().plus(AFTER_TROUBLE))
            }
        };
        shared.timetable.sleep_until(next);
        let due = async {
            match next {
                Some(at) => shared.clock.sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = changed => {}
            () = due => {}
            () = shared.reached(Stage::Interrupting) => return,
        }
    }
}

/// Does what is due; when to look again.
async fn turn(shared: &Arc<Shared>) -> Result<Option<UnixMillis>, EngineError> {
    // From before the first look: what comes due while this turn looks elsewhere is due, not overdue.
    let now = shared.now();
    let promotion = shared.store(|store| store.promote()).await?;
    shared.available(promotion.promoted);
    let next_expiry = rescue(shared).await?;
    storage::expire(shared).await?;
    shared.outbox.notify_one();
    shared.messages.notify_one();
    let wakeup = shared.store(|store| store.next_wakeup()).await?;
    Ok(earliest(now, wakeup, [promotion.next_due, next_expiry]))
}

/// `wakeup` is the earliest of everything. When it has passed, what is due is being worked on and will ring; what
/// comes after it is known only in part.
fn earliest(
    now: UnixMillis,
    wakeup: Option<UnixMillis>,
    others: [Option<UnixMillis>; 2],
) -> Option<UnixMillis> {
    match wakeup {
        Some(at) if at <= now => {
            let known = others.into_iter().flatten().filter(|at| *at > now).min();
            let soon = now.plus(WHILE_OVERDUE);
            Some(known.map_or(soon, |at| at.min(soon)))
        }
        wakeup => wakeup,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_sleeps_until_the_earliest_and_never_spins() {
        let at = |seconds: u64| UnixMillis::new(seconds * 1000);
        let now = at(100);
        for (row, wakeup, others, expected) in [
            ("nothing to wait for", None, [None, None], None),
            (
                "something later",
                Some(at(130)),
                [None, Some(at(130))],
                Some(at(130)),
            ),
            ("overdue", Some(at(90)), [None, None], Some(at(105))),
            ("overdue now", Some(now), [None, None], Some(at(105))),
            (
                "overdue hides something near",
                Some(at(90)),
                [Some(at(102)), Some(at(130))],
                Some(at(102)),
            ),
            (
                "overdue hides something far",
                Some(at(90)),
                [None, Some(at(130))],
                Some(at(105)),
            ),
            (
                "overdue itself",
                Some(at(90)),
                [Some(at(90)), None],
                Some(at(105)),
            ),
        ] {
            assert_eq!(earliest(now, wakeup, others), expected, "{row}");
        }
    }
}
