//! Walks the steps of a job on one source: pictures first, because they are quick, then one transcode pass per window.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use crate::av::loudness;
use crate::av::open::Source;
use crate::av::transcode::transcode;
use crate::op::{Avthumb, Op, Pattern};
use crate::plan::{Reading, Windows};
use crate::probe::Probe;
use crate::stage;
use crate::stage::avthumb::Planned;
use crate::{Cancel, Entry, Key, Limits, ObjectRef, OpsError, Pipeline};

/// One command to run.
#[derive(Debug, Clone)]
pub struct Task {
    /// The command's place in the job; handed back with its outcome.
    pub index: usize,
    /// What to do.
    pub pipeline: Pipeline,
    /// Where the files go; exists and is empty.
    pub dir: PathBuf,
    /// The file name of the target (`v.m3u8`): files that name each other are called after it.
    pub name: String,
    /// The same with `$(count)` where the number of an output goes, of a target that has a place for it.
    pub counted: Option<String>,
    /// Address of the target's folder, with a slash at its end, for playlists that are to hold whole addresses.
    pub folder_url: Option<String>,
    /// What the source is called among objects: names that follow from it are made of this.
    pub source: Entry,
    /// The files of the objects that the pipeline names beside its source ([`Pipeline::objects`]).
    pub objects: BTreeMap<ObjectRef, PathBuf>,
}

impl Task {
    /// A task without target or objects, on a source called `source` in the bucket of command line results.
    pub fn new(index: usize, pipeline: Pipeline, dir: PathBuf) -> Self {
        Self {
            index,
            source: Entry::unnamed(),
            name: format!("out.{}", pipeline.suffix()),
            counted: None,
            pipeline,
            dir,
            folder_url: None,
            objects: BTreeMap::new(),
        }
    }

    /// The file of an object that the pipeline names.
    pub(crate) fn object(&self, name: &ObjectRef) -> Result<&Path, OpsError> {
        let path = self.objects.get(name).map(PathBuf::as_path);
        path.ok_or_else(|| OpsError::ObjectMissing {
            object: name.to_string(),
        })
    }

    /// The target's file name without its suffix.
    pub(crate) fn stem(&self) -> &str {
        match self.name.rsplit_once('.') {
            Some((stem, _)) if !stem.is_empty() => stem,
            _ => &self.name,
        }
    }

    /// The file names of so many numbered outputs, for files that name each other (wire.md 5.5).
    pub(crate) fn names(&self, count: usize) -> Vec<String> {
        let suffix = &self.name[self.stem().len()..];
        let numbered = |number: usize| match &self.counted {
            Some(counted) => counted.replace(Pattern::COUNT, &format!("{number:06}")),
            None => format!("{}_{number:06}{suffix}", self.stem()),
        };
        match count {
            1 => vec![self.name.clone()],
            _ => (1..=count).map(numbered).collect(),
        }
    }

    /// The path of a file to be made under this name.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

/// What an output is to be called (wire.md 5.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    /// As the target; several such outputs of a command are numbered.
    Numbered,
    /// As the target, whatever else the command made: a playlist, a list of files.
    Target,
    /// Next to the target, under the file name it has already, as others refer to it by that.
    Beside,
    /// This path inside a folder called as the target without its suffix.
    Inside(Key),
    /// This key in the bucket of the target.
    Key(Key),
    /// This object.
    Entry(Entry),
}

/// One file a command made.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// The file, inside the task's folder.
    pub path: PathBuf,
    /// What it is to be called.
    pub name: Name,
    /// Seconds; 0 for pictures.
    pub duration: f64,
    /// Bits per second of the whole file, truncated (`wire.md` 6.1); 0 for pictures.
    pub bit_rate: u64,
    /// Width and height as stored, if there is a picture.
    pub resolution: Option<(u32, u32)>,
}

/// What a run may use and whom it tells.
#[derive(Clone, Copy)]
pub struct Environment<'a> {
    /// Bounds on the source and on what is made of it.
    pub limits: &'a Limits,
    /// Threads each decoder and each encoder may use.
    pub threads: usize,
    /// Stops the run at the next packet or frame.
    pub cancel: &'a Cancel,
    /// Hears how far each command is. Called from the running thread; should return quickly.
    pub progress: &'a (dyn Fn(Progress) + Sync),
    /// Hears how a command is going to be carried out and why, by the command's index: which streams are copied, which
    /// are encoded, and for what reason.
    pub explain: &'a (dyn Fn(usize, &str) + Sync),
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
    /// Listening for how loud it is, before anything is encoded. May come more than once.
    Measuring,
    /// Reading, decoding, encoding.
    Running,
    /// Writing the end of the file; may take a while, for `moovToFront` writes it once more.
    Finalising,
}

impl Output {
    /// A file without a duration: a picture, a list.
    pub fn still(path: PathBuf, resolution: Option<(u32, u32)>) -> Self {
        Self {
            path,
            name: Name::Numbered,
            duration: 0.0,
            bit_rate: 0,
            resolution,
        }
    }

    /// A file with a duration in seconds; its bit rate follows from its bytes.
    pub(crate) fn timed(
        path: PathBuf,
        bytes: u64,
        duration: f64,
        resolution: Option<(u32, u32)>,
    ) -> Self {
        let bit_rate = if duration > 0.0 {
            (bytes as f64 * 8.0 / duration) as u64
        } else {
            0
        };
        Self {
            path,
            name: Name::Numbered,
            duration,
            bit_rate,
            resolution,
        }
    }

    pub(crate) fn named(self, name: Name) -> Self {
        Self { name, ..self }
    }
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
