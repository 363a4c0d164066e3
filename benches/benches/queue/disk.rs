//! The measure of everything else: how fast this disk makes a few bytes durable, and how times are summed up.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::Failure;

/// What a write of this size costs is the sync, not the bytes. A page, as journals write them.
const BLOCK: usize = 4096;
/// Blocks of the file, written in turn. They exist before anything is measured, so that no sync grows the file.
const BLOCKS: u64 = 256;

/// A file to sync.
pub struct Disk {
    file: File,
    turn: u64,
}

impl Disk {
    pub fn new(dir: &Path) -> Result<Disk, Failure> {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .open(dir.join("raw"))?;
        (0..BLOCKS).try_for_each(|block| file.write_all_at(&[1; BLOCK], block * BLOCK as u64))?;
        file.sync_all()?;
        Ok(Disk { file, turn: 0 })
    }

    /// How long each of `count` writes took to be durable, one after the other.
    pub fn syncs(&mut self, count: usize) -> Result<Vec<Duration>, Failure> {
        let mut took = Vec::with_capacity(count);
        for _ in 0..count {
            self.turn += 1;
            let started = Instant::now();
            self.file
                .write_all_at(&[self.turn as u8; BLOCK], self.turn % BLOCKS * BLOCK as u64)?;
            self.file.sync_data()?;
            took.push(started.elapsed());
        }
        Ok(took)
    }

    /// fdatasyncs per second.
    pub fn rate(&mut self, count: usize) -> Result<f64, Failure> {
        let total: Duration = self.syncs(count)?.iter().sum();
        Ok(count as f64 / total.as_secs_f64())
    }
}

/// The time that this part of all did not exceed.
pub fn quantile(times: &mut [Duration], part: f64) -> Duration {
    times.sort_unstable();
    let rank = (times.len() as f64 * part).ceil() as usize;
    let found = times.get(rank.clamp(1, times.len().max(1)) - 1);
    found.copied().unwrap_or_default()
}

pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

pub fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
