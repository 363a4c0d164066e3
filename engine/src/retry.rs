//! When a failed attempt is tried again: attempt in, pause out. Pure; chance comes in as a number.

use std::time::Duration;

use crate::config::Retry;

/// The pause after `attempt` (1 is the first) failed; `None` when it was the last one.
///
/// The pause grows by `factor` from `first` to `max`; `roll` in 0..1 moves it by up to ±`jitter` of itself, so that
/// jobs that failed together do not come back together.
///
/// ```
/// use opmill_engine::{config::Retry, retry};
/// let policy = Retry { jitter: 0.0, ..Retry::default() };
/// assert_eq!(retry::pause(&policy, 1, 0.5), Some(policy.first));
/// assert_eq!(retry::pause(&policy, policy.attempts, 0.5), None);
/// ```
pub fn pause(policy: &Retry, attempt: u32, roll: f64) -> Option<Duration> {
    if attempt >= policy.attempts {
        return None;
    }
    let exponent = i32::try_from(attempt.saturating_sub(1)).unwrap_or(i32::MAX);
    let grown = policy.first.as_secs_f64() * policy.factor.powi(exponent);
    let capped = grown.min(policy.max.as_secs_f64());
    let moved = capped * (1.0 + policy.jitter * (2.0 * roll.clamp(0.0, 1.0) - 1.0));
    Some(Duration::try_from_secs_f64(moved).unwrap_or(policy.max))
}

/// Which attempt this is for [`pause`]: a worker that died (`rescues`) reported no failure, so it does not count.
pub(crate) fn failed(attempts: u32, rescues: u32) -> u32 {
    attempts.saturating_sub(rescues).max(1)
}

/// A number in 0..1 for [`pause`]. Without entropy it is the middle: a missing jitter delays nobody.
pub(crate) fn roll() -> f64 {
    getrandom::u32().map_or(0.5, |random| {
        f64::from(random) / (f64::from(u32::MAX) + 1.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: Retry = Retry {
        attempts: 6,
        poison: 3,
        first: Duration::from_secs(2),
        factor: 3.0,
        max: Duration::from_secs(60),
        jitter: 0.25,
    };

    #[test]
    fn the_pause_grows_is_capped_and_ends() {
        for (row, attempt, roll, millis) in [
            ("first", 1, 0.5, Some(2_000)),
            ("grows", 2, 0.5, Some(6_000)),
            ("grows again", 3, 0.5, Some(18_000)),
            ("still below the cap", 4, 0.5, Some(54_000)),
            ("capped", 5, 0.5, Some(60_000)),
            ("shortest", 1, 0.0, Some(1_500)),
            ("longest", 1, 1.0, Some(2_500)),
            ("last attempt", 6, 0.5, None),
            ("beyond the last", 7, 0.5, None),
        ] {
            assert_eq!(
                pause(&POLICY, attempt, roll),
                millis.map(Duration::from_millis),
                "{row}"
            );
        }
    }

    #[test]
    fn lost_workers_are_not_failures() {
        for (row, attempts, rescues, expected) in [
            ("first", 1, 0, 1),
            ("second failure", 2, 0, 2),
            ("second attempt, the first died", 2, 1, 1),
            ("run again after many deaths", 1, 7, 1),
        ] {
            assert_eq!(failed(attempts, rescues), expected, "{row}");
        }
    }

    #[test]
    fn an_absurd_number_of_attempts_still_has_a_pause() {
        let policy = Retry {
            attempts: u32::MAX,
            factor: f64::MAX,
            ..POLICY
        };
        assert_eq!(pause(&policy, u32::MAX - 1, 0.5), Some(POLICY.max));
    }

    #[test]
    fn a_roll_is_a_share() {
        assert!(
            (0..100)
                .map(|_| roll())
                .all(|roll| (0.0..1.0).contains(&roll))
        );
    }
}
