//! Walks the steps of a job on one source: pictures first, because they are quick, then one transcode pass per window.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use crate::av::open::Source;
use crate::av::transcode::{Wanted, transcode};
use crate::av::{branch, snapshot};
use crate::op::{Avthumb, Op, Vframe};
use crate::plan::{self, Window};
use crate::probe::Probe;
use crate::still;
use crate::{Cancel, Limits, OpsError, Pipeline};

/// One command to run. Its files go into `dir`, which exists and is empty.
#[derive(Debug, Clone)]
pub struct Task {
    /// The command's place in the job; handed back with its outcome.
    pub index: usize,
    /// What to do.
    pub pipeline: Pipeline,
    /// Where the files go.
    pub dir: PathBuf,
}

/// One file a command made.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// The file, inside the task's folder.
    pub path: PathBuf,
    /// Seconds; 0 for pictures.
    pub duration: f64,
    /// Bits per second of the whole file, truncated (`wire.md` 6.1); 0 for pictures.
    pub bit_rate: u64,
    /// Width and height as stored, if there is a picture.
    pub resolution: Option<(u32, u32)>,
}

/// What a run may use and whom it tells.
pub struct Environment<'a> {
    /// Bounds on the source and on what is made of it.
    pub limits: &'a Limits,
    /// Threads each decoder and each encoder may use.
    pub threads: usize,
    /// Stops the run at the next packet or frame.
    pub cancel: &'a Cancel,
    /// Hears how far each command is. Called from the running thread; should return quickly.
    pub progress: &'a (dyn Fn(Progress) + Sync),
}

/// How far a command is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// The command.
    pub index: usize,
    /// What it is doing.
    pub phase: Phase,
    /// Seconds of output made so far.
    pub done_seconds: f64,
    /// Seconds of output there will be, if the source tells.
    pub total_seconds: Option<f64>,
}

/// What a command is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Reading, decoding, encoding.
    Running,
    /// Writing the end of the file; may take a while, for `moovToFront` writes it once more.
    Finalising,
}

impl Environment<'_> {
    pub(crate) fn report(
        &self,
        index: usize,
        phase: Phase,
        done_seconds: f64,
        total_seconds: Option<f64>,
    ) {
        (self.progress)(Progress {
            index,
            phase,
            done_seconds,
            total_seconds,
        });
    }
}

/// Runs `tasks` on `source` and calls `done` once for each, on this thread, in the order they end.
///
/// The source is probed once, and commands that read the same part of it share one decode. A command that fails leaves
/// no file behind and does not touch the others. A panic inside counts as the failure of the commands it hit.
pub fn run(
    source: &Path,
    tasks: Vec<Task>,
    env: &Environment<'_>,
    done: &mut dyn FnMut(usize, Result<Vec<Output>, OpsError>),
) {
    let opened = guarded(|| {
        let mut source = Source::open(source, env.limits, env.cancel)?;
        let probe = source.probe()?;
        Ok((source, probe))
    });
    let (source, probe) = match opened {
        Ok(opened) => opened,
        Err(error) => {
            return tasks
                .iter()
                .for_each(|task| done(task.index, Err(error.clone())));
        }
    };
    let mut run = Run {
        source,
        probe,
        env,
        done,
    };
    let mut passes = BTreeMap::<Window, Vec<(Task, Avthumb)>>::new();
    for task in tasks {
        match task.pipeline.ops.first().cloned() {
            Some(Op::Avthumb(op)) => passes.entry(Window::of(&op)).or_default().push((task, *op)),
            Some(Op::Vframe(op)) => run.vframe(&task, &op),
            None => run.finish(&task, Ok(Vec::new())),
        }
    }
    for (window, tasks) in passes {
        run.pass(window, tasks);
    }
}

/// The commands of one source at work.
struct Run<'a> {
    source: Source<'a>,
    probe: Probe,
    env: &'a Environment<'a>,
    done: &'a mut dyn FnMut(usize, Result<Vec<Output>, OpsError>),
}

impl Run<'_> {
    /// One picture into one file.
    fn vframe(&mut self, task: &Task, op: &Vframe) {
        let (source, probe, env) = (&mut self.source, &self.probe, self.env);
        let outcome = guarded(|| {
            let stream = probe.video().ok_or(OpsError::NoStream { kind: "video" })?;
            let origin = probe.format.start.unwrap_or(0);
            let picture = snapshot::snapshot(source, stream, origin, op, env)?;
            let path = task.dir.join(format!("out.{}", op.format.suffix()));
            env.report(task.index, Phase::Finalising, 0.0, None);
            still::encode::write(&picture, op.format, &path)?;
            Ok(vec![Output {
                path,
                duration: 0.0,
                bit_rate: 0,
                resolution: Some((picture.width, picture.height)),
            }])
        });
        self.finish(task, outcome);
    }

    /// All transcodes of one window in one pass.
    fn pass(&mut self, window: Window, tasks: Vec<(Task, Avthumb)>) {
        let mut planned = Vec::new();
        let mut wanted = Vec::new();
        for (task, op) in tasks {
            match plan::avthumb(&op, &self.probe, self.env.threads) {
                Ok(plan) => {
                    let path = task.dir.join(format!("out.{}", op.container.suffix()));
                    wanted.push(Wanted {
                        index: task.index,
                        plan,
                        path,
                    });
                    planned.push(task);
                }
                Err(error) => self.finish(&task, Err(error)),
            }
        }
        if wanted.is_empty() {
            return;
        }
        let (source, env) = (&mut self.source, self.env);
        let outcomes = guarded(|| Ok(transcode(source.fresh()?, window, &wanted, env)))
            .unwrap_or_else(|error| wanted.iter().map(|_| Err(error.clone())).collect());
        for ((task, want), outcome) in planned.iter().zip(&wanted).zip(outcomes) {
            let outputs = outcome.map(|product| vec![output(&want.path, &product)]);
            self.finish(task, outputs);
        }
    }

    /// Reports an outcome; of a failed command no file stays.
    fn finish(&mut self, task: &Task, outcome: Result<Vec<Output>, OpsError>) {
        if matches!(outcome, Err(OpsError::Panicked)) {
            self.source.close();
        }
        if outcome.is_err()
            && let Ok(files) = std::fs::read_dir(&task.dir)
        {
            for file in files.flatten() {
                let _ = std::fs::remove_file(file.path());
            }
        }
        (self.done)(task.index, outcome);
    }
}

fn output(path: &Path, product: &branch::Product) -> Output {
    let written = product.written;
    let bit_rate = if written.duration > 0.0 {
        (written.bytes as f64 * 8.0 / written.duration) as u64
    } else {
        0
    };
    Output {
        path: path.to_owned(),
        duration: written.duration,
        bit_rate,
        resolution: product.resolution,
    }
}

/// Turns a panic into an error: crafted media may reach a bug, and it must cost its command only.
fn guarded<T>(work: impl FnOnce() -> Result<T, OpsError>) -> Result<T, OpsError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(OpsError::Panicked))
}
