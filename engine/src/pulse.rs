//! The watchdog's ear: when the media of an attempt last moved. What counts is timestamps moving on, not a percentage,
//! and the bytes of the files being written, because the end of a file is written without a word.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use opmill_ops::{Phase, Progress};
use opmill_store::UnixMillis;

use crate::clock::Clock;
use crate::lock::lock;

/// When an attempt last moved.
pub(crate) struct Pulse {
    clock: Arc<dyn Clock>,
    /// The folder of the files being made.
    dir: PathBuf,
    state: Mutex<State>,
}

struct State {
    moved: UnixMillis,
    /// How far each command was.
    reached: HashMap<usize, (Phase, f64)>,
    /// Bytes below the folder, when they were last looked at.
    bytes: u64,
}

impl Pulse {
    pub fn new(clock: Arc<dyn Clock>, dir: PathBuf) -> Self {
        let state = State {
            moved: clock.now(),
            reached: HashMap::new(),
            bytes: 0,
        };
        Self {
            clock,
            dir,
            state: Mutex::new(state),
        }
    }

    /// A command reports. Saying the same again is not moving.
    pub fn heard(&self, progress: &Progress) {
        let at = (progress.phase, progress.done_seconds);
        let mut state = lock(&self.state);
        if state.reached.insert(progress.index, at) != Some(at) {
            state.moved = self.clock.now();
        }
    }

    /// A command ended.
    pub fn beat(&self) {
        lock(&self.state).moved = self.clock.now();
    }

    /// When it last moved; looks at the files first. Blocking.
    pub fn last(&self) -> UnixMillis {
        let bytes = bytes_below(&self.dir);
        let mut state = lock(&self.state);
        if bytes != state.bytes {
            state.bytes = bytes;
            state.moved = self.clock.now();
        }
        state.moved
    }
}

/// Bytes on disk and not lengths: a file whose space is claimed at once is filled later.
fn bytes_below(dir: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(entries) = fs::read_dir(dir) else {
        return 0;
    };
    let size = |entry: fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => bytes_below(&entry.path()),
        // Rewriting in place shows in the time only.
        Ok(metadata) => (metadata.blocks() * 512)
            .wrapping_add(metadata.mtime_nsec() as u64 ^ metadata.mtime() as u64),
        Err(_) => 0,
    };
    entries.flatten().map(size).fold(0, u64::wrapping_add)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::Manual;

    #[test]
    fn time_and_bytes_that_move_are_heard_and_repetition_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(Manual::new(UnixMillis::new(0)));
        let pulse = Pulse::new(Arc::clone(&clock) as _, dir.path().to_owned());
        let report = |done_seconds| Progress {
            index: 0,
            phase: Phase::Running,
            done_seconds,
            total_seconds: None,
        };
        let second = || clock.advance(Duration::from_secs(1));
        let seconds = |at: UnixMillis| at.get() / 1000;
        second();
        pulse.heard(&report(0.5));
        assert_eq!(seconds(pulse.last()), 1);
        second();
        pulse.heard(&report(0.5));
        assert_eq!(seconds(pulse.last()), 1, "the same again");
        fs::create_dir(dir.path().join("0")).unwrap();
        fs::write(dir.path().join("0/out.mp4"), [1; 5000]).unwrap();
        assert_eq!(seconds(pulse.last()), 2, "a file grew");
        second();
        assert_eq!(seconds(pulse.last()), 2);
        pulse.beat();
        assert_eq!(seconds(pulse.last()), 3);
    }
}
