//! Opens the directory: our lock, then sled with its known traps out of the way, then syncs of what sled leaves
//! unsynced. Called once by `Store::open`.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{Advice, fadvise};

use crate::commit::STOPPED;
use crate::disk::Disk;
use crate::error::StoreError;
use crate::log;
use crate::options::Options;
use crate::promised::Promised;

/// How long to wait for sled's own lock while ours is held: only threads of a store that this process just closed
/// can still have it.
const LINGERING: Duration = Duration::from_secs(5);

/// How long to wait for our own: a program that this process is starting has it, too, until it is loaded.
const SPAWNING: Duration = Duration::from_millis(50);

pub(crate) struct Opened {
    pub(crate) db: sled::Db,
    /// `<dir>/db` on a descriptor of our own.
    pub(crate) file: File,
    pub(crate) promised: Promised,
    /// Held as long as the store is.
    pub(crate) lock: File,
    pub(crate) disk: Disk,
}

pub(crate) fn open(dir: &Path, options: &Options) -> Result<Opened, StoreError> {
    fs::create_dir_all(dir).map_err(StoreError::io(dir))?;
    // Before sled's lock: tidying the directory of a process that is just opening it would break that one's start.
    let lock = lock(dir)?;
    remove_half_written_snapshots(dir)?;
    move_torn_settings_aside(dir)?;
    let disk = Disk::new(dir, options);

    let file = open_log(dir, options)?;

    let db = match open_sled(dir, options) {
        Err(Refusal::Damaged(reason)) if move_damaged_snapshots_aside(dir)? > 0 => {
            tracing::warn!(dir = %dir.display(), reason, "the store does not open; trying again without its snapshot");
            open_sled(dir, options)
        }
        opened => opened,
    };
    let db = db.map_err(|refusal| refusal.of(dir))?;
    let promised = Promised::open(dir)?;
    sync_names(dir)?;
    Ok(Opened {
        db,
        file,
        promised,
        lock,
        disk,
    })
}

/// The file of the log on a descriptor of our own, with nothing in it that the disk does not have.
pub(crate) fn open_log(dir: &Path, options: &Options) -> Result<File, StoreError> {
    let path = dir.join("db");
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path);
    let file = file.map_err(StoreError::io(&path))?;
    // What a killed process wrote but never synced: sled will build a synced snapshot on top of it.
    (options.sync)(&path, &file).map_err(StoreError::io(&path))?;
    forget_what_was_not_written(dir, &file)?;
    Ok(file)
}

/// After a sync that failed the kernel may hold pages that it could not write and show them as good: whoever reads them
/// builds on what the next power cut takes away. They are dropped, so that the disk itself is read.
fn forget_what_was_not_written(dir: &Path, file: &File) -> Result<(), StoreError> {
    let mark = dir.join(STOPPED);
    match fs::read_to_string(&mark) {
        Ok(cause) => {
            tracing::warn!(dir = %dir.display(), cause, "the store had stopped; reading what is really on disk");
            fadvise(file, 0, None, Advice::DontNeed)
                .map_err(|errno| StoreError::io(dir)(errno.into()))?;
            fs::remove_file(&mark).map_err(StoreError::io(&mark))
        }
        Err(_) => Ok(()),
    }
}

pub(crate) fn lock(dir: &Path) -> Result<File, StoreError> {
    let path = dir.join("lock");
    let lock = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path);
    let lock = lock.map_err(StoreError::io(&path))?;
    let started = Instant::now();
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::WouldBlock) if started.elapsed() < SPAWNING => {
                std::thread::sleep(Duration::from_millis(2));
            }
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::InUse {
                    dir: dir.to_owned(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(StoreError::Io { path, source }),
        }
    }
}

/// Why sled does not open.
pub(crate) enum Refusal {
    InUse,
    Damaged(String),
    Io(std::io::Error),
}

impl Refusal {
    pub(crate) fn of(self, dir: &Path) -> StoreError {
        let dir = dir.to_owned();
        match self {
            Self::InUse => StoreError::InUse { dir },
            Self::Damaged(reason) => StoreError::Damaged { dir, reason },
            Self::Io(source) => StoreError::Io { path: dir, source },
        }
    }
}

pub(crate) fn open_sled(dir: &Path, options: &Options) -> Result<sled::Db, Refusal> {
    match log::damage(dir) {
        Ok(None) => {}
        Ok(Some(place)) => {
            let reason = format!("its log is damaged at byte {place}");
            return Err(Refusal::Damaged(reason));
        }
        Err(error) => return Err(Refusal::Io(error)),
    }
    let config = sled::Config::new()
        .path(dir)
        .mode(sled::Mode::LowSpace)
        .cache_capacity(options.cache_bytes)
        // Only a backstop: what is acknowledged was synced by commit.rs.
        .flush_every_ms(Some(200));
    let started = Instant::now();
    loop {
        // sled reports some damage by panicking.
        match catch_unwind(AssertUnwindSafe(|| config.open())) {
            Ok(Ok(db)) => return Ok(db),
            // sled 0.34.7 has no error of its own for a lock that is taken, only this text.
            Ok(Err(sled::Error::Io(error)))
                if error.to_string().starts_with("could not acquire lock") =>
            {
                if started.elapsed() > LINGERING {
                    return Err(Refusal::InUse);
                }
                std::thread::sleep(Duration::from_millis(2));
            }
            Ok(Err(sled::Error::Io(error))) => return Err(Refusal::Io(error)),
            Ok(Err(error)) => return Err(Refusal::Damaged(error.to_string())),
            Err(_) => return Err(Refusal::Damaged("the storage engine panicked".to_owned())),
        }
    }
}

/// sled 0.34.7 writes a snapshot as `snap.X.generating` and renames it, but takes a leftover of a killed process
/// for the newest snapshot, and then does not open. The log has everything that is in it.
pub(crate) fn remove_half_written_snapshots(dir: &Path) -> Result<(), StoreError> {
    for_each_snapshot(dir, |name, path| match name.ends_with(".generating") {
        true => fs::remove_file(path),
        false => Ok(()),
    })
}

/// sled notes its settings in two writes and syncs neither: a power cut or a full disk at the first start leaves half
/// of them, and then no start succeeds. Ours are always the same, so sled may note them anew. Settings that are whole
/// stay, whatever they say.
pub(crate) fn move_torn_settings_aside(dir: &Path) -> Result<(), StoreError> {
    let path = dir.join("conf");
    let bytes = match fs::read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        read => read.map_err(StoreError::io(&path))?,
    };
    let is_whole = bytes
        .split_last_chunk::<4>()
        .is_some_and(|(text, checksum)| crc32fast::hash(text) == u32::from_le_bytes(*checksum));
    if is_whole {
        return Ok(());
    }
    tracing::warn!(path = %path.display(), "it is damaged; it is put aside and written anew");
    fs::rename(&path, dir.join("aside.conf")).map_err(StoreError::io(&path))
}

/// Without a snapshot sled reads the whole log, which is slower and just as good: as long as the log is whole. It ends at the
/// first byte that is wrong and zeroes what comes after, so a good snapshot that does not fit a damaged log must stay: with
/// it most of the pages can still be read (salvage.rs). Says how many were moved.
pub(crate) fn move_damaged_snapshots_aside(dir: &Path) -> Result<usize, StoreError> {
    let moved = std::cell::Cell::new(0);
    for_each_snapshot(dir, |name, path| {
        if is_whole(&fs::read(path)?) {
            return Ok(());
        }
        moved.set(moved.get() + 1);
        fs::rename(path, dir.join(format!("aside.{name}")))
    })?;
    Ok(moved.get())
}

/// sled ends a snapshot with its length and its checksum.
fn is_whole(snapshot: &[u8]) -> bool {
    let content = snapshot
        .split_last_chunk::<4>()
        .and_then(|(content, checksum)| Some((content.split_last_chunk::<8>()?.0, checksum)));
    content.is_some_and(|(content, checksum)| {
        crc32fast::hash(content) == u32::from_le_bytes(*checksum)
    })
}

fn for_each_snapshot(
    dir: &Path,
    act: impl Fn(&str, &Path) -> std::io::Result<()>,
) -> Result<(), StoreError> {
    for entry in fs::read_dir(dir).map_err(StoreError::io(dir))? {
        let entry = entry.map_err(StoreError::io(dir))?;
        if let Some(name) = entry
            .file_name()
            .to_str()
            .filter(|name| name.starts_with("snap."))
        {
            act(name, &entry.path()).map_err(StoreError::io(&entry.path()))?;
        }
    }
    Ok(())
}

/// sled syncs neither its `conf` nor the directory, so a power cut could take the names of the files whose bytes
/// were synced. At every start, since the process that created them may have died before it came to this.
pub(crate) fn sync_names(dir: &Path) -> Result<(), StoreError> {
    let sync = |path: &Path| File::open(path).and_then(|file| file.sync_all());
    let dir = fs::canonicalize(dir).map_err(StoreError::io(dir))?;
    for path in [&dir.join("conf"), &dir.join("blobs"), &dir] {
        sync(path).map_err(StoreError::io(path))?;
    }
    match dir.parent().map(sync) {
        // Who may not read the parent did not create the directory in it either.
        Some(Err(error)) if error.kind() != ErrorKind::PermissionDenied => {
            Err(StoreError::io(&dir)(error))
        }
        _ => Ok(()),
    }
}
