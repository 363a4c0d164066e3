//! Which commands are suspected of taking their workers with them, and what follows from it. Pure; kept by `executor`.
//!
//! A lost worker is held against every command it was at. So after a loss commands run one by one, and from then on only
//! the one that was running is held to be the reason.

use opmill_store::{History, Mishap};

use crate::cause::Cause;
use crate::processor::Failure;
use crate::verdict::item_index;

/// What an attempt knows of the workers lost before it.
pub(crate) struct Suspects {
    history: History,
    /// Losses that a command is forgiven.
    poison: u32,
}

impl Suspects {
    pub fn new(history: History, poison: u32) -> Self {
        Self { history, poison }
    }

    /// Attempts at a command before this one.
    pub fn attempts(&self, index: usize) -> u32 {
        let trial = self.history.of(item_index(index));
        trial.map_or(0, |trial| trial.attempts)
    }

    /// Workers lost at a command before this attempt.
    fn losses(&self, index: usize) -> u32 {
        let trial = self.history.of(item_index(index));
        trial.map_or(0, |trial| trial.losses)
    }

    /// These commands as they are to run: all together; or one by one when one of them is suspected, the least suspected
    /// first, so that the siblings of one that kills are done before it does.
    pub fn rounds(&self, mut commands: Vec<usize>) -> Vec<Vec<usize>> {
        if commands.iter().all(|index| self.losses(*index) == 0) {
            return vec![commands];
        }
        commands.sort_by_key(|index| (self.losses(*index), *index));
        commands.into_iter().map(|index| vec![index]).collect()
    }

    /// Why a command is not tried again, if it is not.
    pub fn refusal(&self, index: usize) -> Option<Failure> {
        let refused = self.losses(index) > self.poison;
        refused.then(|| Failure::transient("it is not tried again").because(Cause::Poison))
    }

    /// Workers lost at a command, this attempt's included.
    fn losses_with(&self, index: usize, failure: &Failure) -> u32 {
        self.losses(index) + u32::from(failure.cause.is_loss())
    }

    /// A command that failed like this is to be set aside.
    pub fn is_poison(&self, index: usize, failure: &Failure) -> bool {
        self.losses_with(index, failure) > self.poison
    }

    /// What the item of a command says that is set aside. When each worker was lost stands in the history.
    pub fn set_aside(&self, index: usize, failure: &Failure) -> Failure {
        let losses = match self.losses_with(index, failure) {
            1 => "once".to_owned(),
            losses => format!("{losses} times"),
        };
        let before = self.history.of(item_index(index));
        let last = match failure.cause {
            Cause::Poison => before.map(|trial| trial.error.clone()),
            _ => Some(failure.message.clone()),
        };
        let last = last
            .map(|last| format!(" (the last time: {last})"))
            .unwrap_or_default();
        Failure::transient(format!(
            "set aside: the worker was lost {losses} at this command{last}; a retry gives it another chance"
        ))
        .because(Cause::Poison)
    }
}

/// What a failure is in the job's history. That a command is not tried any more is no news there.
pub(crate) fn mishap((index, failure): &(usize, Failure)) -> Option<Mishap> {
    (failure.cause != Cause::Poison).then(|| Mishap {
        index: item_index(*index),
        cause: failure.cause.word().to_owned(),
        error: failure.message.clone(),
        lost: failure.cause.is_loss(),
    })
}

#[cfg(test)]
mod tests {
    use opmill_store::{ItemIndex, Trial, UnixMillis};

    use super::*;

    /// Losses by command.
    fn suspects(losses: &[(u32, u32)]) -> Suspects {
        let trial = |(index, losses): &(u32, u32)| Trial {
            index: ItemIndex(*index),
            attempts: 7,
            losses: *losses,
            at: UnixMillis::default(),
            cause: "worker-lost".to_owned(),
            error: "its worker was lost".to_owned(),
        };
        let history = History {
            commands: losses.iter().map(trial).collect(),
            events: Vec::new(),
        };
        Suspects::new(history, 3)
    }

    #[test]
    fn commands_run_together_until_one_is_suspected() {
        for (row, losses, expected) in [
            ("nothing happened", &[][..], vec![vec![0, 1, 2]]),
            ("failed, not lost", &[(1, 0)], vec![vec![0, 1, 2]]),
            (
                "all alike",
                &[(0, 1), (1, 1), (2, 1)],
                vec![vec![0], vec![1], vec![2]],
            ),
            (
                "the least suspected first",
                &[(0, 2), (1, 1), (2, 1)],
                vec![vec![1], vec![2], vec![0]],
            ),
        ] {
            assert_eq!(suspects(losses).rounds(vec![0, 1, 2]), expected, "{row}");
        }
    }

    #[test]
    fn so_many_losses_are_forgiven_and_no_more() {
        let panic = Failure::transient("a panic").because(Cause::Panic);
        let full = Failure::transient("the disk is full").because(Cause::Storage);
        for (losses, refused, by_panic, by_disk) in [
            (0, false, false, false),
            (3, false, true, false),
            (4, true, true, true),
        ] {
            let suspects = suspects(&[(0, losses)]);
            assert_eq!(suspects.refusal(0).is_some(), refused, "{losses}");
            assert_eq!(suspects.is_poison(0, &panic), by_panic, "{losses}");
            assert_eq!(suspects.is_poison(0, &full), by_disk, "{losses}");
        }
        let aside = suspects(&[(0, 3)]).set_aside(0, &panic);
        assert_eq!(aside.cause, Cause::Poison);
        assert!(
            aside.message.contains("lost 4 times") && aside.message.contains("a panic"),
            "{aside}"
        );
        assert_eq!(mishap(&(0, aside)), None);
        assert!(mishap(&(0, panic)).unwrap().lost && !mishap(&(0, full)).unwrap().lost);
    }
}
