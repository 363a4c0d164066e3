//! How a store is opened: whose clock, how much memory, and who syncs.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::id::UnixMillis;

/// Where the store gets the time from. Due times and leases are wall time, so tests turn this by hand.
pub type Clock = Arc<dyn Fn() -> UnixMillis + Send + Sync>;

/// Makes the written bytes of a file survive a power cut: `fdatasync`. The path is that of the file.
pub type SyncData = Arc<dyn Fn(&Path, &File) -> io::Result<()> + Send + Sync>;

/// Bytes that may still be written to the disk of a directory.
pub type Space = Arc<dyn Fn(&Path) -> io::Result<u64> + Send + Sync>;

/// How much room is kept on the disk of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskPolicy {
    /// With less free space than this, new jobs are refused; jobs that are there go on. 0: never. Default 256 MiB.
    pub low_water_bytes: u64,
    /// Size of a file whose space is given back when there is no other, so that what runs can still be recorded. 0: none.
    /// Default 32 MiB.
    pub reserve_bytes: u64,
}

impl Default for DiskPolicy {
    fn default() -> Self {
        Self {
            low_water_bytes: 256 << 20,
            reserve_bytes: 32 << 20,
        }
    }
}

/// How a store is opened.
#[derive(Clone)]
pub struct Options {
    /// The time.
    pub clock: Clock,
    /// Memory for cached pages, in bytes. sled takes it as a hint.
    pub cache_bytes: u64,
    /// The room kept on the disk.
    pub disk: DiskPolicy,
    /// How much room there is. Tests put a disk of their own here.
    #[doc(hidden)]
    pub space: Space,
    /// The sync under every acknowledgement. Crash tests put a disk of their own here; nothing else should.
    #[doc(hidden)]
    pub sync: SyncData,
}

impl Default for Options {
    /// The system's clock, 32 MiB of cache, the default policy on the system's disk, the system's `fdatasync`.
    fn default() -> Self {
        Self {
            clock: Arc::new(|| {
                let since_1970 = SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .unwrap_or_default();
                UnixMillis::new(0).plus(since_1970)
            }),
            cache_bytes: 32 << 20,
            disk: DiskPolicy::default(),
            space: Arc::new(|dir| {
                let disk = rustix::fs::statvfs(dir)?;
                Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
            }),
            sync: Arc::new(|_, file| file.sync_data()),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("cache_bytes", &self.cache_bytes)
            .field("disk", &self.disk)
            .finish_non_exhaustive()
    }
}
