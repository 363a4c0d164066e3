//! How an attempt ends: the step in the job's life, the results recorded with it, and the notifications the job then
//! owes (wire.md 7.3, 7.4). Pure; the executor commits it.

use opmill_store::{
    Event, ItemIndex, ItemOutcome, Mishap, NewItem, Next, Owed, OwedScope, UnixMillis,
};

use crate::cause::Cause;
use crate::item::{ItemBody, ItemStatus, kept};
use crate::notify::payload::{DONE, command_code};
use crate::spec::Spec;

/// The end of an attempt, to be committed as one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Verdict {
    pub event: Event,
    /// Results that become known with it.
    pub last: Vec<Decided>,
    pub owed: Vec<Owed>,
    /// Why the attempt failed, if it did.
    pub error: Option<String>,
    /// What it could not do for each command that is tried again or given up.
    pub mishaps: Vec<Mishap>,
}

/// A command's result on its way into the store.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Decided {
    pub index: usize,
    pub outcome: ItemOutcome,
    pub body: ItemBody,
    /// Why it failed, if it did.
    pub cause: Option<Cause>,
}

impl Decided {
    pub fn item_index(&self) -> ItemIndex {
        item_index(self.index)
    }

    pub fn to_new(&self) -> NewItem {
        let (index, outcome) = (self.item_index(), self.outcome);
        NewItem {
            index,
            outcome,
            body: kept(&self.body, self.cause),
        }
    }

    /// What a job owes for this result while other commands are outstanding.
    pub fn owed(&self, spec: &Spec) -> Option<Owed> {
        owes_separately(spec).then(|| self.owed_as(false))
    }

    fn owed_as(&self, last: bool) -> Owed {
        let code = command_code(self.outcome.into(), last);
        Owed {
            scope: OwedScope::Command(self.item_index()),
            code,
        }
    }
}

impl Verdict {
    /// Every command has its result, this one as the last.
    pub fn succeeded(spec: &Spec, last: Option<Decided>) -> Self {
        let last = Vec::from_iter(last);
        Self {
            owed: owed_at_end(spec, &last),
            last,
            ..Self::bare(Event::Succeeded)
        }
    }

    /// Some commands are to run again then.
    pub fn retry(at: UnixMillis, error: Option<String>, mishaps: Vec<Mishap>) -> Self {
        Self {
            error,
            mishaps,
            ..Self::bare(Event::Failed(Next::RetryAt(at)))
        }
    }

    /// The attempts are used up, and these are the results of the commands that are left.
    pub fn given_up(
        spec: &Spec,
        last: Vec<Decided>,
        error: Option<String>,
        mishaps: Vec<Mishap>,
    ) -> Self {
        let event = Event::Failed(Next::GiveUp);
        Self {
            owed: owed_at_end(spec, &last),
            last,
            error,
            mishaps,
            ..Self::bare(event)
        }
    }

    /// The job was called off. Commands without a result stay without one: they show as cancelled, and run should the
    /// job be run again.
    pub fn cancelled(spec: &Spec, unrecorded: &[usize]) -> Self {
        Self {
            owed: owed_when_cancelled(spec, unrecorded),
            ..Self::bare(Event::Cancelled)
        }
    }

    /// The engine shuts down; the attempt is given back.
    pub fn interrupted() -> Self {
        Self::bare(Event::Interrupted)
    }

    fn bare(event: Event) -> Self {
        Self {
            event,
            last: Vec::new(),
            owed: Vec::new(),
            error: None,
            mishaps: Vec::new(),
        }
    }
}

/// What a job owes when it is cancelled while these commands have no result.
pub(crate) fn owed_when_cancelled(spec: &Spec, unrecorded: &[usize]) -> Vec<Owed> {
    if !owes_separately(spec) {
        return owed_in_all(spec);
    }
    let end = unrecorded.len().saturating_sub(1);
    let owed = |(n, index): (usize, &usize)| Owed {
        scope: OwedScope::Command(item_index(*index)),
        code: command_code(ItemStatus::Cancelled, n == end),
    };
    unrecorded.iter().enumerate().map(owed).collect()
}

/// What a job owes when these results end it.
pub(crate) fn owed_at_end(spec: &Spec, last: &[Decided]) -> Vec<Owed> {
    if !owes_separately(spec) {
        return owed_in_all(spec);
    }
    let end = last.len().saturating_sub(1);
    last.iter()
        .enumerate()
        .map(|(n, decided)| decided.owed_as(n == end))
        .collect()
}

/// `separate=0`: one notification about everything.
fn owed_in_all(spec: &Spec) -> Vec<Owed> {
    let owed = Owed {
        scope: OwedScope::All,
        code: DONE,
    };
    spec.notify.iter().map(|_| owed).collect()
}

fn owes_separately(spec: &Spec) -> bool {
    spec.notify.is_some() && spec.separate
}

pub(crate) fn item_index(index: usize) -> ItemIndex {
    // A job's commands are counted in u32 (`opmill_ops::parse` allows far fewer).
    ItemIndex(u32::try_from(index).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(notify: bool, separate: bool) -> Spec {
        Spec {
            source: "bkt:v.mp4".parse().unwrap(),
            size: 1,
            ops: "avthumb/mp4".to_owned(),
            out: None,
            notify: notify.then(|| "http://receiver.example/".to_owned()),
            separate,
            lenient: false,
            explain: false,
            access_key: None,
            manage: None,
        }
    }

    fn decided(index: usize, outcome: ItemOutcome) -> Decided {
        let body = ItemBody::failed("avthumb/mp4", None, "x".to_owned());
        Decided {
            index,
            outcome,
            body,
            cause: None,
        }
    }

    fn owed(verdict: &Verdict) -> Vec<(Option<u32>, u8)> {
        let scope = |scope| match scope {
            OwedScope::All => None,
            OwedScope::Command(index) => Some(index.0),
        };
        verdict
            .owed
            .iter()
            .map(|owed| (scope(owed.scope), owed.code))
            .collect()
    }

    #[test]
    fn what_is_owed_at_the_end() {
        use ItemOutcome::{FailedTransient, Succeeded};
        let (none, all, each) = (spec(false, true), spec(true, false), spec(true, true));
        let last = || Some(decided(2, Succeeded));
        let left = || vec![decided(0, FailedTransient), decided(3, FailedTransient)];
        for (row, verdict, expected) in [
            ("no receiver", Verdict::succeeded(&none, last()), &[][..]),
            ("one in all", Verdict::succeeded(&all, last()), &[(None, 3)]),
            (
                "the last of several",
                Verdict::succeeded(&each, last()),
                &[(Some(2), 3)],
            ),
            (
                "given up, one in all",
                Verdict::given_up(&all, left(), None, vec![]),
                &[(None, 3)],
            ),
            (
                "given up, each",
                Verdict::given_up(&each, left(), None, vec![]),
                &[(Some(0), 2), (Some(3), 3)],
            ),
            (
                "cancelled, one in all",
                Verdict::cancelled(&all, &[1]),
                &[(None, 3)],
            ),
            (
                "cancelled, each",
                Verdict::cancelled(&each, &[1, 2]),
                &[(Some(1), 2), (Some(2), 3)],
            ),
            (
                "to be repeated",
                Verdict::retry(UnixMillis::new(1), None, vec![]),
                &[],
            ),
            ("given back", Verdict::interrupted(), &[]),
        ] {
            assert_eq!(owed(&verdict), expected, "{row}");
        }
    }

    #[test]
    fn only_separate_notifications_are_owed_before_the_end() {
        for (notify, separate, outcome, expected) in [
            (true, true, ItemOutcome::Succeeded, Some(1)),
            (true, true, ItemOutcome::Failed, Some(2)),
            (true, false, ItemOutcome::Succeeded, None),
            (false, true, ItemOutcome::Succeeded, None),
        ] {
            let owed = decided(0, outcome).owed(&spec(notify, separate));
            assert_eq!(
                owed.map(|owed| owed.code),
                expected,
                "{notify} {separate} {outcome:?}"
            );
        }
    }
}
