//! What went wrong with a job so far: attempts that failed, workers that were lost, and each time it was run again.
//! A document of its own beside the job, whose record is rewritten with every step; a job nothing happened to has none.

use crate::Store;
use crate::error::StoreError;
use crate::id::{ItemIndex, JobId, UnixMillis};
use crate::items::{Item, ItemOutcome};
use crate::jobs::JobRecord;
use crate::key;
use crate::limits::short;
use crate::trees::{Name, TxResult};
use crate::tx::Tx;

/// Events kept of a job; older ones make room. What commands came to is counted on regardless.
const KEPT: usize = 64;
/// The cause on record for commands whose worker was lost.
pub(crate) const WORKER_LOST: &str = "worker-lost";

/// What an attempt could not do for one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mishap {
    /// The command.
    pub index: ItemIndex,
    /// The kind of reason, in a word of the engine's.
    pub cause: String,
    /// The reason, for people.
    pub error: String,
    /// The command may have taken its worker with it.
    pub lost: bool,
}

/// What went wrong with a job so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// The commands something happened to, in their order.
    pub commands: Vec<Trial>,
    /// What happened, oldest first; at most the last 64.
    pub events: Vec<Past>,
}

/// What happened to one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// The command.
    pub index: ItemIndex,
    /// Attempts that ended without a lasting result for it, redriven ones included.
    pub attempts: u32,
    /// Workers lost with it since it was last redriven.
    pub losses: u32,
    /// When it last went wrong.
    pub at: UnixMillis,
    /// The kind of reason then; empty when it went well and ran again all the same.
    pub cause: String,
    /// The reason then, for people.
    pub error: String,
}

/// Something that happened to a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// When; for a lost worker, when that was noticed.
    pub at: UnixMillis,
    /// The fence of the claim it happened under.
    pub fence: u64,
    /// The attempt, counted from 1 since the job was last redriven.
    pub attempt: u32,
    /// What it was.
    pub what: Happened,
    /// The commands concerned: those that failed, had no result when the worker was lost, or ran again.
    pub commands: Vec<ItemIndex>,
}

/// What can happen to a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happened {
    /// An attempt failed.
    Failed {
        /// The kind of reason of the first command that failed.
        cause: String,
        /// Its reason.
        error: String,
    },
    /// Its worker fell silent or died.
    Lost {
        /// The worker.
        worker: String,
        /// When the attempt began.
        began: UnixMillis,
        /// The commands that were at work then, of those without a result.
        started: Vec<ItemIndex>,
    },
    /// It was final, and somebody had it run again.
    Redriven,
}

impl History {
    /// What happened to a command, if anything did.
    pub fn of(&self, index: ItemIndex) -> Option<&Trial> {
        self.commands.iter().find(|trial| trial.index == index)
    }

    fn trial(&mut self, index: ItemIndex) -> &mut Trial {
        let place = self.commands.partition_point(|trial| trial.index < index);
        if self
            .commands
            .get(place)
            .is_none_or(|trial| trial.index != index)
        {
            let blank = Trial {
                index,
                attempts: 0,
                losses: 0,
                at: UnixMillis::default(),
                cause: String::new(),
                error: String::new(),
            };
            self.commands.insert(place, blank);
        }
        &mut self.commands[place]
    }

    fn happened(&mut self, job: &JobRecord, at: UnixMillis, what: Happened, on: Vec<ItemIndex>) {
        self.events.push(Past {
            at,
            fence: job.fence,
            attempt: job.attempts,
            what,
            commands: on,
        });
        let too_many = self.events.len().saturating_sub(KEPT);
        self.events.drain(..too_many);
    }

    pub(crate) fn failed(&mut self, job: &JobRecord, mishaps: &[Mishap], now: UnixMillis) {
        let Some(first) = mishaps.first() else {
            return;
        };
        for mishap in mishaps {
            let trial = self.trial(mishap.index);
            trial.attempts += 1;
            trial.losses += u32::from(mishap.lost);
            trial.went_wrong(now, &mishap.cause, &mishap.error);
        }
        let what = Happened::Failed {
            cause: first.cause.clone(),
            error: short(first.error.clone()),
        };
        let on = mishaps.iter().map(|mishap| mishap.index).collect();
        self.happened(job, now, what, on);
    }

    /// `open` have no result; `started` were at work, if it is known which.
    pub(crate) fn lost(
        &mut self,
        job: &JobRecord,
        worker: String,
        open: Vec<ItemIndex>,
        started: Option<Vec<ItemIndex>>,
        now: UnixMillis,
    ) {
        let started = match started {
            Some(started) => Vec::from_iter(open.iter().copied().filter(|i| started.contains(i))),
            None => open.clone(),
        };
        for index in &started {
            let trial = self.trial(*index);
            trial.attempts += 1;
            trial.losses += 1;
            trial.went_wrong(now, WORKER_LOST, "its worker was lost");
        }
        let what = Happened::Lost {
            worker,
            // A running job changes at its claim, and when somebody asks for it to be cancelled.
            began: job.updated,
            started,
        };
        self.happened(job, now, what, open);
    }

    /// `again` run again, with the results they had; `past` says of those that failed, why.
    pub(crate) fn redriven(
        &mut self,
        job: &JobRecord,
        again: &[(ItemIndex, Option<Item>)],
        past: &[Mishap],
        now: UnixMillis,
    ) {
        for trial in &mut self.commands {
            trial.losses = 0;
        }
        for (index, result) in again {
            // A failure that might have passed was counted when it happened.
            if let Some(result) = result
                .as_ref()
                .filter(|r| r.outcome != ItemOutcome::FailedTransient)
            {
                let trial = self.trial(*index);
                trial.attempts += 1;
                trial.went_wrong(result.recorded, "", "");
            }
        }
        for mishap in past {
            let trial = self.trial(mishap.index);
            let at = trial.at;
            trial.went_wrong(at, &mishap.cause, &mishap.error);
        }
        let on = again.iter().map(|(index, _)| *index).collect();
        self.happened(job, now, Happened::Redriven, on);
    }
}

impl Trial {
    fn went_wrong(&mut self, at: UnixMillis, cause: &str, error: &str) {
        self.at = at;
        self.cause = short(cause.to_owned());
        self.error = short(error.to_owned());
    }
}

impl Store {
    /// What went wrong with a job so far; nothing for one that does not exist.
    pub fn history(&self, id: JobId) -> Result<History, StoreError> {
        let _quiet = self.quiet();
        let history = self.inner.trees.document(Name::History, &id.0)?;
        Ok(history.unwrap_or_default())
    }
}

impl Tx<'_> {
    pub(crate) fn history(&self, job: JobId) -> TxResult<History> {
        Ok(self.document(Name::History, &job.0)?.unwrap_or_default())
    }

    pub(crate) fn put_history(&self, job: JobId, history: &History) -> TxResult<()> {
        // The one before may have had more parts.
        self.remove_document(Name::History, &job.0)?;
        self.put_document(Name::History, &job.0, history)
    }

    /// The commands of a job that have no result.
    pub(crate) fn open_commands(&self, job: &JobRecord) -> TxResult<Vec<ItemIndex>> {
        let mut open = Vec::new();
        for index in (0..job.commands).map(ItemIndex) {
            let first = key::part(&key::item(job.id, index), 0);
            if self.tree(Name::Items).get(first)?.is_none() {
                open.push(index);
            }
        }
        Ok(open)
    }
}
