//! Power loss: a disk on which only what was synced is certain. Beside the real files it keeps an image that gets a
//! file's bytes when a sync of it has succeeded, as they were when that sync began. What was written since may have
//! reached the disk, block by block and in any order, or not. Opening such a state is the start after the power cut.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use opmill_store::{NewJob, Options, Store, UnixMillis};

use crate::acknowledged::{Ack, check, run_client};
use crate::common::directory;

/// What a disk writes at once.
const BLOCK: usize = 4096;
const CUTS: usize = 30;

/// Contents of each file, by its path below the directory.
type Files = HashMap<PathBuf, Vec<u8>>;

struct Disk {
    dir: PathBuf,
    certain: Mutex<Files>,
    /// Says it has synced, and has not.
    lying: AtomicBool,
}

impl Disk {
    fn new(dir: &Path) -> Arc<Disk> {
        Arc::new(Disk {
            dir: dir.to_owned(),
            certain: Mutex::default(),
            lying: AtomicBool::new(false),
        })
    }

    fn options(self: &Arc<Self>) -> Options {
        let disk = self.clone();
        Options {
            sync: Arc::new(move |path, file| disk.sync(path, file)),
            ..Options::default()
        }
    }

    fn sync(&self, path: &Path, file: &File) -> io::Result<()> {
        if self.lying.load(Ordering::SeqCst) {
            return Ok(());
        }
        let bytes = fs::read(path)?;
        file.sync_data()?;
        let name = path.strip_prefix(&self.dir).unwrap().to_owned();
        self.certain.lock().unwrap().insert(name, bytes);
        Ok(())
    }

    /// What is on the disk when the power goes now and nothing but synced bytes made it.
    fn cut(&self) -> Files {
        self.certain.lock().unwrap().clone()
    }

    /// The same, with some of the blocks that were written since.
    fn cut_while_writing_back(&self, mut made_it: impl FnMut() -> bool) -> Files {
        let mut files = self.cut();
        for (name, bytes) in &mut files {
            let written = fs::read(self.dir.join(name)).unwrap();
            bytes.resize(bytes.len().max(written.len()), 0);
            for (block, old) in written.chunks(BLOCK).zip(bytes.chunks_mut(BLOCK)) {
                if made_it() {
                    old[..block.len()].copy_from_slice(block);
                }
            }
        }
        files
    }
}

/// The machine starts again.
fn start(files: &Files) -> (tempfile::TempDir, Store) {
    let dir = directory();
    for (name, bytes) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let no_sync = Options {
        sync: Arc::new(|_, _| Ok(())),
        ..Options::default()
    };
    let store = Store::open(dir.path(), no_sync).unwrap();
    (dir, store)
}

/// A coin for which blocks made it: the same sequence each time.
fn coin() -> impl FnMut() -> bool {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state & 1 == 0
    }
}

#[test]
fn what_was_acknowledged_survives_a_power_cut() {
    let dir = directory();
    let disk = Disk::new(dir.path());
    let store = Store::open(dir.path(), disk.options()).unwrap();
    let (acknowledge, heard) = mpsc::sync_channel::<Ack>(0);
    let mut made_it = coin();
    thread::scope(|scope| {
        for _ in 0..4 {
            let (store, acknowledge) = (store.clone(), acknowledge.clone());
            scope.spawn(move || run_client(&store, |ack| acknowledge.send(ack).is_ok()));
        }
        drop(acknowledge);
        let mut acknowledged: Vec<Ack> = Vec::new();
        for cut in 0..CUTS {
            acknowledged.extend(heard.iter().take(20 + cut * 7 % 50));
            if cut % 8 == 7 {
                // Removing jobs lets sled write over old parts of its file.
                store.prune(UnixMillis::new(u64::MAX), usize::MAX).unwrap();
            }
            acknowledged.retain(|ack| store.job(ack.job()).unwrap().is_some());
            // First what is acknowledged, then what is on disk: the clients go on meanwhile.
            for files in [disk.cut(), disk.cut_while_writing_back(&mut made_it)] {
                let (_dir, after) = start(&files);
                check(&after, &acknowledged);
            }
        }
        drop(heard);
    });
}

/// The test above can fail: a disk that lies loses what was acknowledged.
#[test]
fn a_disk_that_lies_is_found_out() {
    let dir = directory();
    let disk = Disk::new(dir.path());
    let store = Store::open(dir.path(), disk.options()).unwrap();
    let kept = store.enqueue(NewJob::default()).unwrap().id;
    disk.lying.store(true, Ordering::SeqCst);
    let lost = store.enqueue(NewJob::default()).unwrap().id;
    let (_dir, after) = start(&disk.cut());
    assert!(after.job(kept).unwrap().is_some());
    assert!(after.job(lost).unwrap().is_none());
}
