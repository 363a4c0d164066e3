//! What the machine has: memory, and room on a disk. Where it does not say, there is as much as one wants.

use std::fs;
use std::path::Path;

/// Bytes of memory this process may use: the machine's, or those of its control group.
pub(crate) fn memory() -> u64 {
    let machine = fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| total(&text));
    // "max" where there is no limit.
    let group = fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
    let group = group.and_then(|text| text.trim().parse::<u64>().ok());
    machine.into_iter().chain(group).min().unwrap_or(u64::MAX)
}

/// `MemTotal:  8135684 kB`
fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

/// Bytes free on the disk of a folder.
pub(crate) fn free(folder: &Path) -> u64 {
    rustix::fs::statvfs(folder).map_or(u64::MAX, |disk| disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_as_the_kernel_writes_it() {
        let text = "MemTotal:        8135684 kB\nMemFree:          123 kB\n";
        assert_eq!(total(text), Some(8_135_684 * 1024));
        assert_eq!(total("MemFree: 1 kB"), None);
        assert!(memory() > 1 << 20, "this machine has some");
        let dir = tempfile::tempdir().unwrap();
        assert!(free(dir.path()) > 0);
    }
}
