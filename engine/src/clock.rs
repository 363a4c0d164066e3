//! Time as the engine sees it. Due times and leases are persisted wall time, so everything that waits for one waits on
//! a [`Clock`]; tests turn a [`Manual`] one by hand.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::future::BoxFuture;
use opmill_store::UnixMillis;
use tokio::sync::watch;

/// What time it is, and a way to wait for a later one.
pub trait Clock: Send + Sync + 'static {
    /// The current wall time.
    fn now(&self) -> UnixMillis;
    /// Completes when [`now`](Self::now) has reached `at`; at once if it already has.
    fn sleep_until(&self, at: UnixMillis) -> BoxFuture<'static, ()>;
}

/// The clock of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct System;

/// Timers run on monotonic time, which stands still while a machine sleeps and knows nothing of corrections to the
/// wall clock: a long wait looks at the wall clock this often.
const LONGEST_NAP: Duration = Duration::from_secs(30);

impl Clock for System {
    fn now(&self) -> UnixMillis {
        UnixMillis::new(0).plus(
            SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default(),
        )
    }

    fn sleep_until(&self, at: UnixMillis) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            loop {
                let left = at.since(Self.now());
                if left.is_zero() {
                    return;
                }
                tokio::time::sleep(left.min(LONGEST_NAP)).await;
            }
        })
    }
}

/// A clock that moves only when it is told to, for the tests of this crate and of its embedders.
#[derive(Debug)]
pub struct Manual {
    now: watch::Sender<UnixMillis>,
}

impl Manual {
    /// A clock that stands at `now`.
    pub fn new(now: UnixMillis) -> Self {
        Self {
            now: watch::Sender::new(now),
        }
    }

    /// Moves on and wakes whoever waited for a time up to the new one.
    pub fn advance(&self, by: Duration) {
        self.now.send_modify(|now| *now = now.plus(by));
    }

    /// Moves on to `at`; never back.
    pub fn advance_to(&self, at: UnixMillis) {
        self.now.send_modify(|now| *now = at.max(*now));
    }
}

impl Clock for Manual {
    fn now(&self) -> UnixMillis {
        *self.now.borrow()
    }

    fn sleep_until(&self, at: UnixMillis) -> BoxFuture<'static, ()> {
        let mut now = self.now.subscribe();
        Box::pin(async move {
            if now.wait_for(|now| *now >= at).await.is_err() {
                // The clock is gone: its time never comes.
                std::future::pending::<()>().await;
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    const START: UnixMillis = UnixMillis::new(1_000_000);
    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_manual_clock_wakes_whoever_waited_for_the_time_it_reaches() {
        let clock = Manual::new(START);
        let mut soon = clock.sleep_until(START.plus(SECOND));
        let mut later = clock.sleep_until(START.plus(3 * SECOND));
        assert!((&mut soon).now_or_never().is_none());
        clock.advance(SECOND);
        assert!((&mut soon).now_or_never().is_some());
        assert!((&mut later).now_or_never().is_none());
        clock.advance_to(START.plus(3 * SECOND));
        clock.advance_to(START);
        assert!((&mut later).now_or_never().is_some());
        assert_eq!(clock.now(), START.plus(3 * SECOND));
    }

    #[test]
    fn a_time_that_has_come_is_not_waited_for() {
        assert!(
            Manual::new(START)
                .sleep_until(START)
                .now_or_never()
                .is_some()
        );
        assert!(System.sleep_until(System.now()).now_or_never().is_some());
    }
}
