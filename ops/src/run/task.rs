//! What goes into a run and what comes out: commands with their folders, files with their names, progress.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::op::Pattern;
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
