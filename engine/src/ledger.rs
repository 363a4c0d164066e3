//! Which commands of an attempt are decided, and whose result may be acted on next. Pure; kept by `executor`.
//!
//! Results arrive in any order and are acted on as they arrive, with one exception: of two commands with the same
//! target the later one wins (wire.md 5.1), so its outputs are held until the earlier one has its result.

use opmill_ops::{Entry, Output};

use crate::processor::Failure;

/// What a processor reports of a command.
pub(crate) type Outcome = Result<Vec<Output>, Failure>;

pub(crate) struct Ledger {
    rows: Vec<Row>,
}

struct Row {
    target: Option<Entry>,
    state: State,
}

enum State {
    /// Its result is in the store.
    Recorded,
    /// No result has arrived.
    Waiting,
    /// A result arrived and was not acted on.
    Arrived(Outcome),
    /// It was handed out by [`Ledger::next`].
    InHand,
    /// This attempt has no result for it.
    Retry(Failure),
}

impl Ledger {
    /// One row per command, in order: its target, and whether an earlier attempt recorded its result.
    pub fn new(commands: impl IntoIterator<Item = (Option<Entry>, bool)>) -> Self {
        let row = |(target, recorded)| Row {
            target,
            state: if recorded {
                State::Recorded
            } else {
                State::Waiting
            },
        };
        Self {
            rows: commands.into_iter().map(row).collect(),
        }
    }

    /// Takes the result of a command; ignored unless one is waited for.
    pub fn arrive(&mut self, index: usize, outcome: Outcome) {
        if let Some(row) = self
            .rows
            .get_mut(index)
            .filter(|row| matches!(row.state, State::Waiting))
        {
            row.state = State::Arrived(outcome);
        }
    }

    /// The next result to act on. The caller reports back with [`recorded`](Self::recorded) or [`retry`](Self::retry).
    pub fn next(&mut self) -> Option<(usize, Outcome)> {
        for index in 0..self.rows.len() {
            match self.clearance(index) {
                Clearance::No => {}
                Clearance::Go => {
                    if let State::Arrived(outcome) =
                        std::mem::replace(&mut self.rows[index].state, State::InHand)
                    {
                        return Some((index, outcome));
                    }
                }
                Clearance::After(earlier) => {
                    let message = format!(
                        "command {} has the same target and is to run again first",
                        earlier + 1
                    );
                    self.rows[index].state = State::Retry(Failure::transient(message));
                }
            }
        }
        None
    }

    /// The result of this command is in the store, or about to be.
    pub fn recorded(&mut self, index: usize) {
        self.rows[index].state = State::Recorded;
    }

    /// This command is to run again.
    pub fn retry(&mut self, index: usize, failure: Failure) {
        self.rows[index].state = State::Retry(failure);
    }

    /// The commands no result has arrived for.
    pub fn waiting(&self) -> Vec<usize> {
        self.indices(|state| matches!(state, State::Waiting))
    }

    /// True when every command but this one is recorded: its result ends the job.
    pub fn is_last(&self, index: usize) -> bool {
        let mut others = self
            .rows
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != index);
        others.all(|(_, row)| matches!(row.state, State::Recorded))
    }

    /// The commands that are recorded or about to be.
    pub fn all_recorded(&self) -> bool {
        self.rows
            .iter()
            .all(|row| matches!(row.state, State::Recorded))
    }

    /// The commands without a record.
    pub fn unrecorded(&self) -> Vec<usize> {
        self.indices(|state| !matches!(state, State::Recorded))
    }

    /// The commands that are to run again, and why.
    pub fn retries(&self) -> Vec<(usize, Failure)> {
        let retry = |(index, row): (usize, &Row)| match &row.state {
            State::Retry(failure) => Some((index, failure.clone())),
            _ => None,
        };
        self.rows.iter().enumerate().filter_map(retry).collect()
    }

    fn indices(&self, keep: impl Fn(&State) -> bool) -> Vec<usize> {
        let rows = self.rows.iter().enumerate();
        rows.filter(|(_, row)| keep(&row.state))
            .map(|(index, _)| index)
            .collect()
    }

    fn clearance(&self, index: usize) -> Clearance {
        let row = &self.rows[index];
        match (&row.state, &row.target) {
            // A failure publishes nothing, so it waits for nobody.
            (State::Arrived(Err(_)), _) | (State::Arrived(Ok(_)), None) => Clearance::Go,
            (State::Arrived(Ok(_)), Some(target)) => {
                let mut clearance = Clearance::Go;
                for (earlier, row) in self.rows[..index].iter().enumerate() {
                    match row.state {
                        _ if row.target.as_ref() != Some(target) => {}
                        State::Recorded => {}
                        State::Retry(_) => clearance = Clearance::After(earlier),
                        State::Waiting | State::Arrived(_) | State::InHand => return Clearance::No,
                    }
                }
                clearance
            }
            _ => Clearance::No,
        }
    }
}

enum Clearance {
    Go,
    No,
    /// An earlier command with the same target runs again; so must this one, after it.
    After(usize),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger(targets: &[&str]) -> Ledger {
        Ledger::new(targets.iter().map(|target| (target.parse().ok(), false)))
    }

    fn drain(ledger: &mut Ledger) -> Vec<usize> {
        std::iter::from_fn(|| {
            let (index, _) = ledger.next()?;
            ledger.recorded(index);
            Some(index)
        })
        .collect()
    }

    #[test]
    fn results_are_acted_on_as_they_arrive() {
        let mut ledger = ledger(&["b:a", "b:b", "b:c"]);
        ledger.arrive(2, Ok(vec![]));
        assert_eq!(drain(&mut ledger), [2]);
        ledger.arrive(0, Ok(vec![]));
        assert!(!ledger.is_last(0) && !ledger.all_recorded());
        assert_eq!(drain(&mut ledger), [0]);
        assert_eq!((ledger.waiting(), ledger.is_last(1)), (vec![1], true));
        ledger.arrive(1, Err(Failure::permanent("no")));
        assert_eq!(drain(&mut ledger), [1]);
        assert!(ledger.all_recorded());
    }

    #[test]
    fn of_two_commands_with_one_target_the_later_waits_for_the_earlier() {
        let mut ledger = ledger(&["b:same", "b:other", "b:same"]);
        ledger.arrive(2, Ok(vec![]));
        ledger.arrive(1, Ok(vec![]));
        assert_eq!(drain(&mut ledger), [1]);
        ledger.arrive(0, Ok(vec![]));
        assert_eq!(drain(&mut ledger), [0, 2]);
    }

    #[test]
    fn when_the_earlier_runs_again_so_does_the_later() {
        let mut ledger = ledger(&["b:same", "b:same"]);
        ledger.arrive(1, Ok(vec![]));
        ledger.arrive(0, Err(Failure::transient("disk full")));
        let (index, _) = ledger.next().unwrap();
        assert_eq!(index, 0);
        assert!(
            ledger.next().is_none(),
            "the later one waits while the earlier is in hand"
        );
        ledger.retry(0, Failure::transient("disk full"));
        assert!(ledger.next().is_none());
        let retries = ledger.retries();
        assert_eq!(retries[0], (0, Failure::transient("disk full")));
        assert!(retries[1].1.message.contains("command 1"), "{retries:?}");
    }

    #[test]
    fn a_failure_waits_for_nobody() {
        let mut ledger = ledger(&["b:same", "b:same"]);
        ledger.arrive(1, Err(Failure::permanent("bad")));
        assert_eq!(drain(&mut ledger), [1]);
        assert_eq!(ledger.unrecorded(), [0]);
    }

    #[test]
    fn results_nobody_waits_for_are_ignored() {
        let mut ledger = Ledger::new([(None, true), (None, false)]);
        ledger.arrive(0, Ok(vec![]));
        ledger.arrive(7, Ok(vec![]));
        assert!(ledger.next().is_none());
        ledger.arrive(1, Ok(vec![]));
        ledger.arrive(1, Ok(vec![]));
        assert_eq!(drain(&mut ledger), [1]);
    }
}
