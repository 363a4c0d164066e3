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

/// How a store is opened.
#[derive(Clone)]
pub struct Options {
    /// The time.
    pub clock: Clock,
    /// Memory for cached pages, in bytes. sled takes it as a hint.
    pub cache_bytes: u64,
    /// The sync under every acknowledgement. Crash tests put a disk of their own here; nothing else should.
    #[doc(hidden)]
    pub sync: SyncData,
}

impl Default for Options {
    /// The system's clock, 32 MiB of cache, the system's `fdatasync`.
    fn default() -> Self {
        Self {
            clock: Arc::new(|| {
                let since_1970 = SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .unwrap_or_default();
                UnixMillis::new(0).plus(since_1970)
            }),
            cache_bytes: 32 << 20,
            sync: Arc::new(|_, file| file.sync_data()),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("cache_bytes", &self.cache_bytes)
            .finish_non_exhaustive()
    }
}
