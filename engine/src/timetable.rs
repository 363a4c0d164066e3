//! The scheduler's alarm: rings when something comes due before the time it sleeps until, and only then. Claims come by
//! the hundred and their leases end after everything else, so most of them need not wake anyone.

use std::sync::atomic::{AtomicU64, Ordering};

use opmill_store::UnixMillis;
use tokio::sync::Notify;

#[derive(Debug)]
pub(crate) struct Timetable {
    /// Rings when the scheduler is to look again.
    pub bell: Notify,
    /// What the scheduler sleeps until, in Unix milliseconds; [`AWAKE`] while it looks or has nothing to wait for.
    next: AtomicU64,
}

const AWAKE: u64 = u64::MAX;

impl Timetable {
    pub fn new() -> Self {
        Self {
            bell: Notify::new(),
            next: AtomicU64::new(AWAKE),
        }
    }

    /// Something comes due at that time, and that is on disk.
    pub fn comes_due(&self, at: UnixMillis) {
        if at.get() < self.next.load(Ordering::SeqCst) {
            self.bell.notify_one();
        }
    }

    /// The scheduler begins to look: whatever is announced from here on may be missed by it, and so must ring.
    pub fn look(&self) {
        self.next.store(AWAKE, Ordering::SeqCst);
    }

    /// The scheduler goes to sleep. What was announced while it looked has rung, so it wakes at once.
    pub fn sleep_until(&self, next: Option<UnixMillis>) {
        self.next
            .store(next.map_or(AWAKE, UnixMillis::get), Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn only_what_comes_earlier_rings() {
        let at = UnixMillis::new;
        let timetable = Timetable::new();
        let has_rung = || timetable.bell.notified().now_or_never().is_some();
        for (row, look, next, due, rings) in [
            ("nothing was waited for", false, None, 5, true),
            ("earlier", false, Some(at(10)), 9, true),
            ("at the same time", false, Some(at(10)), 10, false),
            ("later", false, Some(at(10)), 11, false),
            ("while it looks", true, Some(at(10)), 11, true),
        ] {
            timetable.sleep_until(next);
            if look {
                timetable.look();
            }
            timetable.comes_due(at(due));
            assert_eq!(has_rung(), rings, "{row}");
        }
    }
}
