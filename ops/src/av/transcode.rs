//! One pass over a source, or over several, for any number of outputs: `pass` demuxes and decodes, each output has a
//! thread of its own.
//!
//! Every stream is decoded once, whatever the number of outputs; frames are shared by reference count. The slowest output
//! paces the others, and one that fails leaves the rest alone.

use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver};
use std::thread::ScopedJoinHandle;

use ffmpeg_next as ffmpeg;

use super::branch::{Branch, Feed, Product};
use super::open::{Input, Source};
use super::outlets::Outlets;
use super::pass::Pass;
use super::sys::RawStream;
use crate::OpsError;
use crate::plan::{OutputPlan, Reading};
use crate::run::Environment;

/// Frames and packets that may wait for one output. Few, so that a frame is still in the cache when it is encoded; a 1080p
/// frame is 3 MB.
const QUEUE: usize = 4;

/// One output wanted from the pass.
pub(crate) struct Wanted {
    /// The command's index, for progress.
    pub(crate) index: usize,
    pub(crate) plan: OutputPlan,
    pub(crate) path: PathBuf,
}

/// Runs the pass and gives the outcome of every output, in the order of `wanted`. The reading's files are `files`.
pub(crate) fn transcode(
    files: &mut [&mut Source<'_>],
    reading: &Reading,
    wanted: &[Wanted],
    env: &Environment<'_>,
) -> Result<Vec<Result<Product, OpsError>>, OpsError> {
    feed(files, reading, wanted, env, |want, origin| {
        let (plan, path) = (&want.plan, &want.path);
        let branch = Branch::open(plan, path, origin, env.threads, env.limits, env.cancel)?;
        Ok(move |feed| branch.run(feed))
    })
}

/// Reads once for any number of outputs. `open` makes what takes an output's frames and packets, on a thread of its own.
pub(crate) fn feed<W, T>(
    files: &mut [&mut Source<'_>],
    reading: &Reading,
    wanted: &[Wanted],
    env: &Environment<'_>,
    open: impl Fn(&Wanted, &Origin<'_>) -> Result<W, OpsError>,
) -> Result<Vec<Result<T, OpsError>>, OpsError>
where
    W: FnOnce(Receiver<Feed>) -> Result<T, OpsError> + Send,
    T: Send,
{
    let inputs = files.iter_mut().map(|file| file.opened());
    let inputs: Vec<&Input> = inputs.collect::<Result<_, _>>()?;
    let durations: Vec<_> = inputs.iter().map(|i| i.probe.duration_seconds()).collect();
    let origin = Origin {
        reading,
        files: &inputs,
    };
    let works: Vec<_> = wanted.iter().map(|want| open(want, &origin)).collect();
    std::thread::scope(|scope| {
        let mut senders = Vec::with_capacity(wanted.len());
        let mut outputs = Vec::with_capacity(wanted.len());
        for (work, want) in works.into_iter().zip(wanted) {
            let working = work.and_then(|work| {
                let (sender, receiver) = mpsc::sync_channel(QUEUE);
                std::thread::Builder::new()
                    .name(format!("output-{}", want.index))
                    .spawn_scoped(scope, move || work(receiver))
                    .map(|thread| (sender, thread))
                    .map_err(|_| OpsError::Panicked)
            });
            let (sender, output) = match working {
                Ok((sender, thread)) => (Some(sender), Output::Working(thread)),
                Err(error) => (None, Output::Refused(error)),
            };
            senders.push(sender);
            outputs.push(output);
        }
        let outlets = Outlets::new(senders, wanted);
        let read = Pass::new(reading, &durations, wanted, outlets, env).read(files);
        let outcome = |(output, want): (Output<'_, T>, &Wanted)| match (&read, output.finish()) {
            (_, Err(error)) if !matches!(error, OpsError::NothingDecoded) => Err(error),
            (Err(error), _) => Err(error.clone()),
            (Ok(failures), product) => failures
                .of(&want.plan)
                .map_or(product, |error| Err(error.clone())),
        };
        Ok(outputs.into_iter().zip(wanted).map(outcome).collect())
    })
}

/// What the streams of a pass's outputs are, before the first frame of them.
#[derive(Clone, Copy)]
pub(crate) struct Origin<'a> {
    reading: &'a Reading,
    files: &'a [&'a Input],
}

impl<'a> Origin<'a> {
    /// The file that an output's metadata comes from.
    pub(crate) fn first(&self) -> &'a Input {
        self.files[self.reading.parts[0].file]
    }

    /// True if the output is made of several parts.
    pub(crate) fn is_joined(&self) -> bool {
        self.reading.is_joined()
    }

    /// What a stream of the reading is.
    pub(crate) fn facts(&self, stream: usize) -> &'a RawStream {
        &self.reading.streams[stream].facts
    }

    /// The stream that a stream of the reading is described by.
    pub(crate) fn stream(&self, stream: usize) -> Result<ffmpeg::Stream<'a>, OpsError> {
        let strand = &self.reading.streams[stream];
        let found = self.files[strand.file].context.stream(strand.facts.index);
        found.ok_or(OpsError::NoStream { kind: "planned" })
    }
}

/// An output on its thread.
enum Output<'scope, T> {
    Working(ScopedJoinHandle<'scope, Result<T, OpsError>>),
    Refused(OpsError),
}

impl<T> Output<'_, T> {
    /// Waits for it; its sender must be gone.
    fn finish(self) -> Result<T, OpsError> {
        match self {
            Self::Working(thread) => thread.join().unwrap_or(Err(OpsError::Panicked)),
            Self::Refused(error) => Err(error),
        }
    }
}

impl OutputPlan {
    /// Streams of the reading that the output is made from, and whether they are decoded for it.
    pub(crate) fn streams(&self) -> impl Iterator<Item = (usize, bool)> {
        let video = self.video.as_ref();
        let audio = self.audio.as_ref();
        let video = video.map(|video| (video.stream, video.encode.is_some()));
        video
            .into_iter()
            .chain(audio.map(|audio| (audio.stream, audio.encode.is_some())))
    }
}
