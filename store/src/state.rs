//! The job lifecycle. Called by the queue verbs inside their transactions; pure, so this match is the whole truth.
//!
//! ```text
//!              CameDue               Claimed            Succeeded
//!  Scheduled ──────────▶ Available ──────────▶ Running ───────────▶ Completed
//!                ▲          ▲  ▲ └──Interrupted,──┘ │ │
//!        CameDue │          │       Rescued         │ └─Failed(GiveUp)─▶ Discarded
//!            Retryable ◀────┼──────Failed(RetryAt)──┘
//!                           └── Redriven ── any final state
//!  Cancelled: from every state that is not final
//! ```

use serde::{Deserialize, Serialize};

use crate::id::{JobId, UnixMillis};

/// The right to run a job, held by one worker at a time; every write of the attempt presents it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The job it is for.
    pub job: JobId,
    /// Which claim of the job this is: higher with each, so a stale worker is told apart from the current one.
    pub fence: u64,
    /// When the job may be taken back, unless a heartbeat moves it.
    pub expires: UnixMillis,
}

/// Where a job stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum JobState {
    /// Waits for its time.
    Scheduled {
        /// When it comes due.
        at: UnixMillis,
    },
    /// Ready to be claimed.
    Available,
    /// A worker runs it.
    Running(Lease),
    /// An attempt failed; the next one waits for its time.
    Retryable {
        /// When it comes due.
        at: UnixMillis,
    },
    /// Every command has its result. Final.
    Completed,
    /// Called off. Final.
    Cancelled,
    /// Given up. Final.
    Discarded,
}

/// What happens to a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Its time came.
    CameDue,
    /// A worker took it.
    Claimed(Lease),
    /// The attempt is through with every command.
    Succeeded,
    /// It takes over the results of a job that did the same.
    Answered,
    /// The attempt failed.
    Failed(Next),
    /// The attempt was stopped from outside (a shutdown) and is given back.
    Interrupted,
    /// It was called off.
    Cancelled,
    /// Its lease ran out.
    Rescued,
    /// It was final, and is to run again for some of its commands.
    Redriven,
}

/// What follows a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Another one, at that time.
    RetryAt(UnixMillis),
    /// None.
    GiveUp,
}

/// The lifecycle has no such step: a bug of the caller, never of the data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a job that is {from:?} cannot take {event:?}")]
pub struct IllegalTransition {
    /// Where the job stood.
    pub from: JobState,
    /// What was asked.
    pub event: Event,
}

impl JobState {
    /// Nothing more will happen to the job unless it is redriven.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Completed | Self::Cancelled | Self::Discarded)
    }

    /// The state after `event`, or the news that there is none.
    pub fn apply(self, event: Event) -> Result<JobState, IllegalTransition> {
        Ok(match (self, event) {
            (Self::Scheduled { .. } | Self::Retryable { .. }, Event::CameDue) => Self::Available,
            (Self::Available, Event::Claimed(lease)) => Self::Running(lease),
            (Self::Running(_), Event::Succeeded) | (Self::Available, Event::Answered) => {
                Self::Completed
            }
            (Self::Running(_), Event::Failed(Next::RetryAt(at))) => Self::Retryable { at },
            (Self::Running(_), Event::Failed(Next::GiveUp)) => Self::Discarded,
            (Self::Running(_), Event::Interrupted | Event::Rescued) => Self::Available,
            (state, Event::Cancelled) if !state.is_final() => Self::Cancelled,
            (state, Event::Redriven) if state.is_final() => Self::Available,
            (from, event) => return Err(IllegalTransition { from, event }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: UnixMillis = UnixMillis::new(7);

    fn lease() -> Lease {
        Lease {
            job: JobId([1; 18]),
            fence: 1,
            expires: AT,
        }
    }

    fn states() -> [JobState; 7] {
        use JobState::*;
        [
            Scheduled { at: AT },
            Available,
            Running(lease()),
            Retryable { at: AT },
            Completed,
            Cancelled,
            Discarded,
        ]
    }

    /// One row an event: the state after it from each of `states()`, in that order; `None` where there is no step.
    #[test]
    fn the_lifecycle_table() {
        use JobState::*;
        let running = || Some(Running(lease()));
        let retry = || Some(Retryable { at: AT });
        #[rustfmt::skip]
        let rows = [
            (Event::CameDue,                     [Some(Available), None,            None,            Some(Available), None,            None,            None]),
            (Event::Claimed(lease()),            [None,            running(),       None,            None,            None,            None,            None]),
            (Event::Succeeded,                   [None,            None,            Some(Completed), None,            None,            None,            None]),
            (Event::Answered,                    [None,            Some(Completed), None,            None,            None,            None,            None]),
            (Event::Failed(Next::RetryAt(AT)),   [None,            None,            retry(),         None,            None,            None,            None]),
            (Event::Failed(Next::GiveUp),        [None,            None,            Some(Discarded), None,            None,            None,            None]),
            (Event::Interrupted,                 [None,            None,            Some(Available), None,            None,            None,            None]),
            (Event::Rescued,                     [None,            None,            Some(Available), None,            None,            None,            None]),
            (Event::Cancelled,                   [Some(Cancelled), Some(Cancelled), Some(Cancelled), Some(Cancelled), None,            None,            None]),
            (Event::Redriven,                    [None,            None,            None,            None,            Some(Available), Some(Available), Some(Available)]),
        ];
        for (event, row) in rows {
            for (from, expected) in states().into_iter().zip(row) {
                let illegal = IllegalTransition {
                    from: from.clone(),
                    event: event.clone(),
                };
                assert_eq!(
                    from.clone().apply(event.clone()),
                    expected.ok_or(illegal),
                    "{from:?} + {event:?}"
                );
            }
        }
    }

    #[test]
    fn three_states_are_final() {
        let finals: Vec<bool> = states().iter().map(JobState::is_final).collect();
        assert_eq!(finals, [false, false, false, false, true, true, true]);
    }
}
