//! Walks the steps of a job on one source: pictures first, because they are quick, then one transcode pass per window.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use crate::av::loudness;
use crate::av::open::Source;
use crate::av::transcode::transcode;
use crate::op::{Avthumb, Op};
use crate::plan::{Reading, Windows};
use crate::probe::Probe;
use crate::stage;
use crate::stage::avthumb::Planned;
use crate::{OpsError, Pipeline};

mod task;

pub use task::{Environment, Name, Output, Phase, Progress, Task};

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
    let mut run = Run {
        path: source,
        source: None,
        env,
        done,
    };
    let mut passes = BTreeMap::<Windows, Vec<(Stage, Avthumb)>>::new();
    for task in tasks {
        match Stage::first(task) {
            (stage, Err(error)) => run.finish(stage, Err(error)),
            (stage, Ok(Op::Avthumb(op))) => {
                passes
                    .entry(Windows::of(&op))
                    .or_default()
                    .push((stage, *op));
            }
            (stage, Ok(Op::Vframe(op))) => run.media(stage, |source, probe, stage, env| {
                stage::vframe::run(source, probe, stage, &op, env)
            }),
            (stage, Ok(Op::Vsample(op))) => run.media(stage, |source, probe, stage, env| {
                stage::vsample::run(source, probe, stage, &op, env)
            }),
            (stage, Ok(Op::Avconcat(op))) => run.file(stage, |source, stage, env| {
                stage::avconcat::run(source, stage, &op, env)
            }),
            (stage, Ok(Op::Getapic(op))) => run.media(stage, |source, _, stage, env| {
                stage::getapic::run(source, stage, op, env)
            }),
            (stage, Ok(Op::Avinfo(op))) => run.media(stage, |_, probe, stage, _| {
                stage::avinfo::run(probe, stage, op)
            }),
            (stage, Ok(Op::ImageView2(op))) => run.file(stage, |source, stage, env| {
                stage::image_view::run(source, stage, &op, env)
            }),
            (stage, Ok(Op::Decompression(op))) => run.file(stage, |source, stage, env| {
                stage::decompression::run(source, stage, &op, env)
            }),
        }
    }
    for (windows, stages) in passes {
        run.pass(&windows, stages);
    }
}

/// The first op of a command at work. What a later op is to read goes into a folder of its own.
struct Stage {
    /// The task as this op sees it.
    task: Task,
    /// The task as it was given, for the end of the command.
    given: Task,
    /// The ops after the first.
    rest: Vec<Op>,
}

impl Stage {
    fn first(mut task: Task) -> (Self, Result<Op, OpsError>) {
        let given = task.clone();
        let mut ops = std::mem::take(&mut task.pipeline.ops).into_iter();
        let mut op = ops.next().ok_or(OpsError::NothingDecoded);
        let rest: Vec<Op> = ops.collect();
        if let (Ok(first), false) = (&op, rest.is_empty()) {
            task.name = format!("out.{}", first.suffix());
            task.counted = None;
            task.dir = given.dir.join("stage");
            if let Err(error) = std::fs::create_dir(&task.dir) {
                op = Err(OpsError::write_file(&task.dir, &error));
            }
        }
        (Self { task, given, rest }, op)
    }
}

/// The commands of one source at work.
struct Run<'a> {
    path: &'a Path,
    /// Opened when the first op asks for it: not every op reads media.
    source: Option<Result<(Source<'a>, Probe), OpsError>>,
    env: &'a Environment<'a>,
    done: &'a mut dyn FnMut(usize, Result<Vec<Output>, OpsError>),
}

impl<'a> Run<'a> {
    /// The source as media.
    fn opened(&mut self) -> Result<(&mut Source<'a>, &Probe), OpsError> {
        let (path, env) = (self.path, self.env);
        let opened = self.source.get_or_insert_with(|| {
            guarded(|| {
                let mut source = Source::open(path, env.limits, env.cancel)?;
                let probe = source.probe()?;
                Ok((source, probe))
            })
        });
        match opened {
            Ok((source, probe)) => Ok((source, probe)),
            Err(error) => Err(error.clone()),
        }
    }

    /// An op that reads the source as media, alone.
    fn media(
        &mut self,
        stage: Stage,
        work: impl FnOnce(
            &mut Source<'a>,
            &Probe,
            &Task,
            &Environment<'_>,
        ) -> Result<Vec<Output>, OpsError>,
    ) {
        let env = self.env;
        let outcome = match self.opened() {
            Ok((source, probe)) => guarded(|| work(source, probe, &stage.task, env)),
            Err(error) => Err(error),
        };
        self.finish(stage, outcome);
    }

    /// An op that reads the source as a file of another kind.
    fn file(
        &mut self,
        stage: Stage,
        work: impl FnOnce(&Path, &Task, &Environment<'_>) -> Result<Vec<Output>, OpsError>,
    ) {
        let (path, env) = (self.path, self.env);
        let outcome = guarded(|| work(path, &stage.task, env));
        self.finish(stage, outcome);
    }

    /// All transcodes of the same parts of the source in one pass.
    fn pass(&mut self, windows: &Windows, stages: Vec<(Stage, Avthumb)>) {
        let mut planned = Vec::new();
        let mut wanted = Vec::new();
        let (env, path) = (self.env, self.path);
        for (stage, op) in stages {
            let plan = match self.opened() {
                Ok((_, probe)) => Planned::of(&stage.task, op, (path, probe), env),
                Err(error) => Err(error),
            };
            match plan {
                Ok((plan, outputs)) => {
                    planned.push((stage, plan, outputs.len()));
                    wanted.extend(outputs);
                }
                Err(error) => self.finish(stage, Err(error)),
            }
        }
        if wanted.is_empty() {
            return;
        }
        let outcomes = match self.opened() {
            Ok((source, probe)) => guarded(|| {
                let reading = Reading::of(probe, windows);
                let files = &mut [source];
                let mut whys: Vec<_> = wanted.iter().map(|want| want.plan.why.clone()).collect();
                loudness::settle(files, &reading, &mut wanted, env, &mut |place, found| {
                    whys[place] += &format!("; {found}");
                })?;
                for (want, why) in wanted.iter().zip(&whys) {
                    tracing::debug!(command = want.index, why, "planned");
                    (env.explain)(want.index, why);
                }
                transcode(files, &reading, &wanted, env)
            }),
            Err(error) => Err(error),
        };
        let outcomes =
            outcomes.unwrap_or_else(|error| wanted.iter().map(|_| Err(error.clone())).collect());
        let mut outcomes = wanted.iter().zip(outcomes);
        for (stage, plan, count) in planned {
            let own = outcomes.by_ref().take(count).collect();
            let outputs = guarded(|| plan.outputs(&stage.task, own));
            self.finish(stage, outputs);
        }
    }

    /// The outcome of a stage: that of its command, or the source of the command's next stage.
    fn finish(&mut self, stage: Stage, outcome: Result<Vec<Output>, OpsError>) {
        if matches!(outcome, Err(OpsError::Panicked))
            && let Some(Ok((source, _))) = &mut self.source
        {
            source.close();
        }
        let Stage { task, given, rest } = stage;
        if rest.is_empty() {
            return self.settle(&given, outcome);
        }
        let outcome = outcome.and_then(|outputs| self.next(&given, rest, &outputs));
        // Intermediate results are nobody's.
        let _ = std::fs::remove_dir_all(&task.dir);
        self.settle(&given, outcome);
    }

    /// The other ops of a command, on each file its first op made.
    fn next(&self, task: &Task, ops: Vec<Op>, made: &[Output]) -> Result<Vec<Output>, OpsError> {
        let mut outputs = Vec::new();
        for (number, source) in made.iter().enumerate() {
            let dir = task.dir.join(number.to_string());
            std::fs::create_dir(&dir).map_err(|error| OpsError::write_file(&dir, &error))?;
            let rest = Task {
                pipeline: Pipeline {
                    ops: ops.clone(),
                    saveas: task.pipeline.saveas.clone(),
                },
                dir,
                ..task.clone()
            };
            let mut outcome = Ok(Vec::new());
            run(&source.path, vec![rest], self.env, &mut |_, result| {
                outcome = result;
            });
            outputs.extend(outcome?);
        }
        Ok(outputs)
    }

    /// Reports the outcome of a command; of a failed one no file stays.
    fn settle(&mut self, task: &Task, outcome: Result<Vec<Output>, OpsError>) {
        if outcome.is_err()
            && let Ok(files) = std::fs::read_dir(&task.dir)
        {
            for path in files.flatten().map(|file| file.path()) {
                let _ = match path.is_dir() {
                    true => std::fs::remove_dir_all(path),
                    false => std::fs::remove_file(path),
                };
            }
        }
        (self.done)(task.index, outcome);
    }
}

/// Turns a panic into an error: crafted media may reach a bug, and it must cost its command only.
fn guarded<T>(work: impl FnOnce() -> Result<T, OpsError>) -> Result<T, OpsError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(OpsError::Panicked))
}
