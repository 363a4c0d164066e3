//! Paints, encodes and writes pictures beside the decoder, on the threads that are left to a command.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Scope, ScopedJoinHandle};

use ffmpeg_next as ffmpeg;
use image::RgbImage;

use super::paint::{Look, Painter};
use crate::OpsError;
use crate::av::sys::RawStream;
use crate::op::StillFormat;
use crate::still::encode;

/// JPEG quality of screenshots: the point from which a larger file shows no difference on a screen.
const QUALITY: u8 = 90;

/// Encoders at work at once: more than the decoder can feed is idle.
const MOST: usize = 8;

/// What is to be written to a file.
enum Job {
    Frame(Look, ffmpeg::Frame),
    Picture(RgbImage),
}

type Ordered = (Job, StillFormat, PathBuf);

/// Where pictures go on their way to files.
pub(crate) struct Press<'scope> {
    jobs: Option<SyncSender<Ordered>>,
    workers: Vec<ScopedJoinHandle<'scope, ()>>,
    /// Does the work where there is no other thread.
    own: Worker<'scope>,
    failure: Arc<Mutex<Option<OpsError>>>,
}

struct Worker<'a> {
    stream: &'a RawStream,
    painter: Option<(Look, Painter)>,
}

impl<'scope> Press<'scope> {
    /// A press for pictures of `stream` with `threads` threads beside the caller's.
    pub(crate) fn start(
        scope: &'scope Scope<'scope, '_>,
        threads: usize,
        stream: &'scope RawStream,
    ) -> Self {
        let (sender, receiver) = mpsc::sync_channel(threads.clamp(1, MOST));
        let receiver = Arc::new(Mutex::new(receiver));
        let failure = Arc::default();
        let mut workers = Vec::new();
        for _ in 0..threads.min(MOST) {
            let (receiver, failure) = (Arc::clone(&receiver), Arc::clone(&failure));
            let mut worker = Worker::new(stream);
            let work = move || worker.run(&receiver, &failure);
            let thread = std::thread::Builder::new()
                .name("pictures".to_owned())
                .spawn_scoped(scope, work);
            // What the system does not give is done without.
            workers.extend(thread);
        }
        Self {
            jobs: (!workers.is_empty()).then_some(sender),
            workers,
            own: Worker::new(stream),
            failure,
        }
    }

    /// Writes a decoded picture with this look.
    pub(crate) fn frame(
        &mut self,
        look: Look,
        frame: ffmpeg::Frame,
        format: StillFormat,
        path: PathBuf,
    ) -> Result<(), OpsError> {
        self.order((Job::Frame(look, frame), format, path))
    }

    /// Writes a finished picture.
    pub(crate) fn picture(
        &mut self,
        picture: RgbImage,
        format: StillFormat,
        path: PathBuf,
    ) -> Result<(), OpsError> {
        self.order((Job::Picture(picture), format, path))
    }

    fn order(&mut self, (job, format, path): Ordered) -> Result<(), OpsError> {
        let Some(jobs) = &self.jobs else {
            return self.own.write(job, format, &path);
        };
        if let Some(error) = lock(&self.failure).clone() {
            return Err(error);
        }
        let sent = jobs.send((job, format, path));
        // Nobody listens: they failed all at once, or panicked.
        sent.map_err(|_| lock(&self.failure).clone().unwrap_or(OpsError::Panicked))
    }

    /// Waits until everything is written.
    pub(crate) fn finish(mut self) -> Result<(), OpsError> {
        drop(self.jobs.take());
        for worker in self.workers {
            worker.join().map_err(|_| OpsError::Panicked)?;
        }
        match lock(&self.failure).take() {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}

impl<'a> Worker<'a> {
    fn new(stream: &'a RawStream) -> Self {
        Self {
            stream,
            painter: None,
        }
    }

    /// Works until nothing more comes, or something fails.
    fn run(&mut self, jobs: &Mutex<Receiver<Ordered>>, failure: &Mutex<Option<OpsError>>) {
        loop {
            let next = lock(jobs).recv();
            let Ok((job, format, path)) = next else {
                return;
            };
            if let Err(error) = self.write(job, format, &path) {
                lock(failure).get_or_insert(error);
                return;
            }
        }
    }

    fn write(&mut self, job: Job, format: StillFormat, path: &Path) -> Result<(), OpsError> {
        let picture = match job {
            Job::Picture(picture) => picture,
            Job::Frame(look, frame) => {
                let painter = self.painter.take().filter(|(its, _)| *its == look);
                let painter = painter.unwrap_or_else(|| (look, Painter::new(look, self.stream)));
                self.painter.insert(painter).1.paint(frame)?
            }
        };
        encode::encode(&picture.into(), format, QUALITY, path)
    }
}

/// What a panicked worker left behind is as good as ever.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
