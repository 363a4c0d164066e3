//! A processor that does as it is told: which run of which command succeeds, fails, stalls or panics.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use opmill_engine::ops::ObjectRef;
use opmill_engine::processor::{
    Failure, Name, Output, Phase, Processor, Progress, Report, Task, Work,
};
use opmill_engine::{Candidate, JobId, Need};
use tokio::sync::watch;

use crate::world::soon;

/// What a run of a command does.
#[derive(Clone)]
pub enum Act {
    /// Write this into one file.
    Write(String),
    /// Write these into one file each.
    WriteEach(Vec<String>),
    /// Write the names of the objects that were brought along, each with whether its file is the source's.
    Objects,
    /// Write a playlist and a segment that it names.
    Playlist,
    /// Say this of how it goes about it, then write.
    Explain(&'static str, String),
    /// Report these shares of ten seconds, then write.
    Progress(Vec<f64>, String),
    /// Report this share of ten seconds, then do that.
    Reach(f64, Box<Act>),
    /// Fail for a reason that may pass.
    Transient(&'static str),
    /// Fail for good.
    Permanent(&'static str),
    /// Panic.
    Panic(&'static str),
    /// End without a word.
    Vanish,
    /// Wait to be released or cancelled; when released go on with the act.
    Stall(Box<Act>),
    /// Like `Stall`, deaf to cancellation.
    StallDeaf(Box<Act>),
}

impl Act {
    /// Stalls, then writes.
    pub fn stall(content: &str) -> Act {
        Act::Stall(Box::new(Act::Write(content.to_owned())))
    }
}

/// One run of one command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    pub job: JobId,
    pub index: usize,
    /// 1 for the first run of this command, over all attempts.
    pub run: u32,
    /// Threads the attempt may use.
    pub threads: usize,
}

type Needs = dyn Fn(&Candidate<'_>) -> Need + Send + Sync;
type Direction = dyn Fn(Run) -> Act + Send + Sync;

/// A shared handle; clones are the same script.
#[derive(Clone)]
pub struct Script(Arc<Inner>);

struct Inner {
    direction: Box<Direction>,
    needs: Mutex<Option<Box<Needs>>>,
    /// The jobs at work now, and who was whenever one began.
    at_work: Mutex<BTreeSet<JobId>>,
    together: Mutex<Vec<BTreeSet<JobId>>>,
    runs: Mutex<Vec<Run>>,
    counts: Mutex<HashMap<(JobId, usize), u32>>,
    stalled: watch::Sender<usize>,
    released: Mutex<Vec<usize>>,
    bell: Condvar,
}

impl Script {
    pub fn new(direction: impl Fn(Run) -> Act + Send + Sync + 'static) -> Self {
        Self(Arc::new(Inner {
            direction: Box::new(direction),
            needs: Mutex::default(),
            at_work: Mutex::default(),
            together: Mutex::default(),
            runs: Mutex::default(),
            counts: Mutex::default(),
            stalled: watch::Sender::new(0),
            released: Mutex::default(),
            bell: Condvar::new(),
        }))
    }

    /// What jobs are said to need; without it, next to nothing.
    pub fn needing(self, needs: impl Fn(&Candidate<'_>) -> Need + Send + Sync + 'static) -> Self {
        *self.0.needs.lock().unwrap() = Some(Box::new(needs));
        self
    }

    /// The jobs that were at work together, each time one began.
    pub fn together(&self) -> Vec<BTreeSet<JobId>> {
        self.0.together.lock().unwrap().clone()
    }

    /// Every run writes `<index>.<run>`.
    pub fn succeed() -> Self {
        Self::new(|run| Act::Write(format!("{}.{}", run.index, run.run)))
    }

    /// Runs of this command stall; the others succeed.
    pub fn stall_on(index: usize) -> Self {
        Self::new(move |run| {
            let content = format!("{}.{}", run.index, run.run);
            if run.index == index {
                Act::stall(&content)
            } else {
                Act::Write(content)
            }
        })
    }

    /// Lets runs of this command go on, now and from now on.
    pub fn release(&self, index: usize) {
        self.0.released.lock().unwrap().push(index);
        self.0.bell.notify_all();
    }

    /// Waits until so many runs have begun to stall.
    pub async fn stalled(&self, count: usize) {
        soon(
            self.0
                .stalled
                .subscribe()
                .wait_for(|stalled| *stalled >= count),
        )
        .await
        .unwrap();
    }

    /// What ran, in order: (command, run).
    pub fn runs(&self) -> Vec<(usize, u32)> {
        self.0
            .runs
            .lock()
            .unwrap()
            .iter()
            .map(|run| (run.index, run.run))
            .collect()
    }

    pub fn all_runs(&self) -> Vec<Run> {
        self.0.runs.lock().unwrap().clone()
    }

    fn act(&self, act: Act, task: &Task, work: &Work, report: &dyn Report) {
        let done = |contents: Vec<String>| {
            let outputs = contents.into_iter().enumerate().map(|(n, content)| {
                let path = task.dir.join(format!("{n}.out"));
                fs::write(&path, content).unwrap();
                Output {
                    path,
                    name: Name::Numbered,
                    duration: 1.5,
                    bit_rate: 64_000,
                    resolution: Some((640, 360)),
                }
            });
            report.done(task.index, Ok(outputs.collect()));
        };
        match act {
            Act::Write(content) => done(vec![content]),
            Act::WriteEach(contents) => done(contents),
            Act::Objects => {
                let objects = task.objects.iter();
                let line = |(name, path): (&ObjectRef, &PathBuf)| {
                    format!("{name} {}\n", *path == work.source)
                };
                done(vec![objects.map(line).collect()]);
            }
            Act::Playlist => {
                let file = |name: &str, called: Name| {
                    let path = task.dir.join(name);
                    fs::write(&path, name).unwrap();
                    Output {
                        name: called,
                        ..Output::still(path, None)
                    }
                };
                // The target's own name is what the segments are called after.
                let stem = task.name.trim_end_matches(".m3u8");
                let segment = file(&format!("{stem}_000001.ts"), Name::Beside);
                let playlist = file("list", Name::Target);
                report.done(task.index, Ok(vec![playlist, segment]));
            }
            Act::Explain(text, content) => {
                report.explain(task.index, text);
                done(vec![content]);
            }
            Act::Progress(shares, content) => {
                for done_seconds in shares {
                    let (index, phase) = (task.index, Phase::Running);
                    report.progress(Progress {
                        index,
                        phase,
                        done_seconds,
                        total_seconds: Some(10.0),
                    });
                }
                done(vec![content]);
            }
            Act::Reach(done_seconds, next) => {
                report.progress(Progress {
                    index: task.index,
                    phase: Phase::Running,
                    done_seconds,
                    total_seconds: Some(10.0),
                });
                self.act(*next, task, work, report);
            }
            Act::Transient(message) => report.done(task.index, Err(Failure::transient(message))),
            Act::Permanent(message) => report.done(task.index, Err(Failure::permanent(message))),
            Act::Panic(message) => panic!("{message}"),
            Act::Vanish => {}
            Act::Stall(next) => {
                if self.is_released(task.index, || work.cancel.is_cancelled()) {
                    self.act(*next, task, work, report);
                }
            }
            Act::StallDeaf(next) => {
                if self.is_released(task.index, || false) {
                    self.act(*next, task, work, report);
                }
            }
        }
    }

    /// Blocks until released (true) or given up (false).
    fn is_released(&self, index: usize, give_up: impl Fn() -> bool) -> bool {
        self.0.stalled.send_modify(|stalled| *stalled += 1);
        let mut released = self.0.released.lock().unwrap();
        loop {
            if released.contains(&index) {
                return true;
            }
            if give_up() {
                return false;
            }
            // The cancel flag rings no bell, so it is looked at now and then.
            released = self
                .0
                .bell
                .wait_timeout(released, Duration::from_millis(2))
                .unwrap()
                .0;
        }
    }
}

/// Takes a job off the list of those at work, also by a panic.
struct Leaves<'a>(&'a Script, JobId);

impl Drop for Leaves<'_> {
    fn drop(&mut self) {
        self.0.0.at_work.lock().unwrap().remove(&self.1);
    }
}

impl Processor for Script {
    fn need(&self, candidate: &Candidate<'_>) -> Need {
        match &*self.0.needs.lock().unwrap() {
            Some(needs) => needs(candidate),
            None => Need::least(candidate),
        }
    }

    fn run(&self, work: Work, report: &dyn Report) {
        let now = {
            let mut at_work = self.0.at_work.lock().unwrap();
            at_work.insert(work.job);
            at_work.clone()
        };
        self.0.together.lock().unwrap().push(now);
        let _leaves = Leaves(self, work.job);
        std::thread::scope(|scope| {
            let mut threads = Vec::new();
            for task in &work.tasks {
                let run = {
                    let mut counts = self.0.counts.lock().unwrap();
                    let count = counts.entry((work.job, task.index)).or_default();
                    *count += 1;
                    Run {
                        job: work.job,
                        index: task.index,
                        run: *count,
                        threads: work.threads,
                    }
                };
                self.0.runs.lock().unwrap().push(run);
                let (work, script) = (&work, self);
                threads.push(
                    scope.spawn(move || script.act((script.0.direction)(run), task, work, report)),
                );
            }
            for thread in threads {
                if let Err(panic) = thread.join() {
                    std::panic::resume_unwind(panic);
                }
            }
        });
    }
}
