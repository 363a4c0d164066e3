//! What a person sees while jobs run, on standard error: bars on a terminal, one line per event elsewhere.
//!
//! Fed with the engine's events by whoever runs jobs; keeps no truth of its own.

mod bars;

use std::collections::HashMap;
use std::io::IsTerminal as _;

use bars::{Bar, Bars};
use opmill_engine::ops::Phase;
use opmill_engine::{EngineEvent, Item, ItemStatus, Job, JobId};

use super::text;

/// A view of running jobs.
pub struct Progress {
    jobs: HashMap<JobId, Watched>,
    bars: Option<Bars>,
}

/// A job somebody waits for.
struct Watched {
    name: String,
    commands: Vec<Command>,
    bar: Option<Bar>,
}

/// How far a command is.
#[derive(Clone, Copy)]
enum Command {
    /// Percent done.
    Underway(f64),
    Ended,
}

impl Progress {
    /// A view of jobs that are to be run, each under the name of its source.
    pub fn new<'a>(jobs: impl IntoIterator<Item = (String, &'a Job)>) -> Self {
        let watched = |(name, job): (String, &Job)| {
            let commands = job.items.iter().map(Command::of).collect();
            let bar = None;
            (
                job.id,
                Watched {
                    name,
                    commands,
                    bar,
                },
            )
        };
        let jobs: HashMap<_, _> = jobs.into_iter().map(watched).collect();
        let bars = std::io::stderr()
            .is_terminal()
            .then(|| Bars::new(jobs.len()));
        Self { jobs, bars }
    }

    /// Shows what happened. Events of other jobs in the queue are not shown.
    pub fn show(&mut self, event: &EngineEvent) {
        let Some(job) = self.jobs.get_mut(&event.job()) else {
            return;
        };
        let name = &job.name;
        let line = match event {
            EngineEvent::Started { attempt, .. } => {
                job.bar = self.bars.as_ref().map(|bars| bars.add(name));
                match (&job.bar, attempt) {
                    (Some(_), _) => None,
                    (None, 1) => Some(format!("{name}: started")),
                    (None, attempt) => Some(format!("{name}: started again (attempt {attempt})")),
                }
            }
            EngineEvent::Progress(progress) => {
                job.set(
                    progress.index.0,
                    Command::Underway(match progress.phase {
                        Phase::Measuring => 0.0,
                        _ => progress.percent.unwrap_or(0.0),
                    }),
                );
                if let Some(bar) = &job.bar {
                    bar.advance(job.share(), job.ended(), job.commands.len(), progress);
                }
                None
            }
            EngineEvent::Item { item, .. } => {
                let line = result(name, item, self.bars.is_none());
                job.set(item.index.0, Command::Ended);
                line
            }
            EngineEvent::Retrying { error, .. } => {
                let line = format!("{name}: trying again shortly: {error}");
                job.bar = None;
                Some(line)
            }
            // Further attempts would say the same again; what is owed in the end is told in the end.
            EngineEvent::DeliveryFailed {
                error, attempts: 1, ..
            } => Some(format!(
                "{name}: a notification was not taken, trying again: {error}"
            )),
            EngineEvent::Finished { .. } => {
                job.bar = None;
                if let Some(bars) = &self.bars {
                    bars.job_ended();
                }
                None
            }
            EngineEvent::Interrupted { .. } | EngineEvent::LeaseLost { .. } => {
                job.bar = None;
                None
            }
            _ => None,
        };
        if let Some(line) = line {
            self.say(&line);
        }
    }

    /// A line that stays, above the bars.
    pub fn say(&self, line: &str) {
        match &self.bars {
            Some(bars) => bars.say(line),
            None => text::note(line),
        }
    }
}

/// A command's result: failures always, successes where no bar shows them.
fn result(name: &str, item: &Item, successes: bool) -> Option<String> {
    let command = item.command().split('|').next().unwrap_or_default();
    match item.error() {
        Some(reason) => Some(format!("{name}: {command}: failed: {reason}")),
        None => successes.then(|| format!("{name}: {command}: ok")),
    }
}

impl Command {
    fn of(item: &Item) -> Self {
        match item.status {
            ItemStatus::Pending | ItemStatus::Running => Self::Underway(0.0),
            _ => Self::Ended,
        }
    }
}

impl Watched {
    fn set(&mut self, index: u32, to: Command) {
        if let Some(command) = self.commands.get_mut(index as usize) {
            *command = to;
        }
    }

    fn ended(&self) -> usize {
        let ended = |command: &&Command| matches!(command, Command::Ended);
        self.commands.iter().filter(ended).count()
    }

    /// 0 to 1, each command counting the same.
    fn share(&self) -> f64 {
        let percent = |command: &Command| match command {
            Command::Underway(percent) => *percent,
            Command::Ended => 100.0,
        };
        self.commands.iter().map(percent).sum::<f64>() / (100.0 * self.commands.len().max(1) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_of_a_job_is_that_of_its_commands() {
        let mut job = Watched {
            name: "a".into(),
            commands: vec![Command::Underway(0.0); 4],
            bar: None,
        };
        for (index, to, share, ended) in [
            (0, Command::Underway(50.0), 0.125, 0),
            (1, Command::Ended, 0.375, 1),
            (0, Command::Ended, 0.5, 2),
            (9, Command::Ended, 0.5, 2),
        ] {
            job.set(index, to);
            assert_eq!((job.share(), job.ended()), (share, ended));
        }
    }
}
