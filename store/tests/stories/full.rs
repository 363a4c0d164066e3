//! A disk that fills up: first no new work is taken, then what runs is recorded from the reserve, then nothing is begun
//! that would not fit; and with room again all goes on by itself.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use opmill_store::{
    DiskPolicy, Disposition, Event, JobState, NewItem, NewJob, Options, Store, StoreError, WorkerId,
};

use crate::common::{LEASE, ManualClock, directory, done};

const MB: u64 = 1 << 20;
const POLICY: DiskPolicy = DiskPolicy {
    low_water_bytes: 64 * MB,
    reserve_bytes: 16 * MB,
};

fn reserve(dir: &Path) -> u64 {
    fs::metadata(dir.join("reserve")).map_or(0, |file| file.len() / MB)
}

/// A disk on which the reserve is all that we take.
#[derive(Clone)]
struct SmallDisk(Arc<AtomicU64>);

impl SmallDisk {
    fn new(free: u64) -> SmallDisk {
        SmallDisk(Arc::new(AtomicU64::new(free)))
    }

    /// So much would be free without a reserve.
    fn set(&self, megabytes: u64) {
        self.0.store(megabytes, Ordering::SeqCst);
    }

    fn open(&self, dir: &Path) -> Store {
        let disk = self.clone();
        let free = move |dir: &Path| {
            let all = disk.0.load(Ordering::SeqCst);
            Ok(all.saturating_sub(reserve(dir)) * MB)
        };
        let options = Options {
            disk: POLICY,
            space: Arc::new(free),
            ..ManualClock::new().options()
        };
        Store::open(dir, options).unwrap()
    }
}

fn keyed(key: &str) -> NewJob {
    NewJob {
        commands: 2,
        idempotency_key: Some(key.to_owned()),
        ..NewJob::default()
    }
}

fn long(index: u32) -> NewItem {
    NewItem {
        body: "x".repeat(MB as usize),
        ..done(index)
    }
}

#[test]
fn new_work_waits_and_what_runs_is_recorded_from_the_reserve() {
    let (dir, disk) = (directory(), SmallDisk::new(1000));
    let store = disk.open(dir.path());
    let worker = WorkerId::new("worker");
    let claim = || store.claim(&worker, LEASE);
    assert_eq!(reserve(dir.path()), 16, "made when the store opens");
    let (first, second) = (keyed("first"), keyed("second"));
    let first = store.enqueue(first).unwrap().id;
    let second = store.enqueue(second).unwrap().id;
    let (lease, _) = claim().unwrap().unwrap();

    // Below the mark.
    disk.set(16 + 63);
    let refused = store.enqueue(keyed("third")).unwrap_err();
    assert!(
        matches!(&refused, StoreError::LowSpace { free, low_water, .. } if (*free, *low_water) == (63 * MB, 64 * MB))
    );
    assert_eq!(refused.disposition(), Disposition::Retry);
    let text = refused.to_string();
    for words in [
        "66060288 bytes free",
        "low-water mark of 67108864",
        "some space is freed",
        dir.path().to_str().unwrap(),
    ] {
        assert!(text.contains(words), "{text}");
    }
    assert!(matches!(
        store.enqueue_all(vec![keyed("first"), keyed("third")]),
        Err(StoreError::LowSpace { .. })
    ));
    assert!(store.admit().is_err());
    let known = store
        .enqueue_all(vec![keyed("second"), keyed("first")])
        .unwrap();
    assert!(
        known.iter().all(|job| job.existing),
        "what was accepted is still known"
    );
    assert_eq!([known[0].id, known[1].id], [second, first]);
    store.heartbeat(&lease, LEASE).unwrap();
    assert_eq!(reserve(dir.path()), 16, "there is room without it");

    // Nothing is left but the reserve.
    disk.set(16);
    store.record_item(&lease, done(0), None).unwrap();
    assert_eq!(
        reserve(dir.path()),
        12,
        "a slice is given out, not all of it"
    );
    store
        .finish(&lease, Event::Succeeded, vec![long(1)], vec![], None)
        .unwrap();
    assert_eq!(reserve(dir.path()), 8, "as much as the text may take");
    let (lease, _) = claim().unwrap().unwrap();

    // Whatever fills the disk takes what is given out; then nothing is begun that might not end.
    for (free, left) in [(8, 4), (4, 0)] {
        disk.set(free);
        store.heartbeat(&lease, LEASE).unwrap();
        assert_eq!(reserve(dir.path()), left);
    }
    disk.set(3);
    let full = store.record_item(&lease, done(0), None).unwrap_err();
    assert!(
        matches!(&full, StoreError::DiskFull { free, needed, .. } if (*free, *needed) == (3 * MB, 4 * MB)),
        "{full:?}"
    );
    assert_eq!(full.disposition(), Disposition::Retry);
    assert_eq!(reserve(dir.path()), 0);
    assert!(store.items(second).unwrap().is_empty() && store.check().is_ok());
    for verb in [
        claim().map(drop),
        store.heartbeat(&lease, LEASE).map(drop),
        store.cancel(second, vec![]).map(drop),
    ] {
        assert!(matches!(verb, Err(StoreError::DiskFull { .. })), "{verb:?}");
    }

    // Room again, in two steps.
    disk.set(70);
    store.record_item(&lease, done(0), None).unwrap();
    assert_eq!(
        reserve(dir.path()),
        0,
        "a reserve would take what new work needs"
    );
    disk.set(80);
    store.enqueue(keyed("third")).unwrap();
    assert_eq!(reserve(dir.path()), 16, "made again");
    let ended = store.finish(&lease, Event::Succeeded, vec![done(1)], vec![], None);
    assert_eq!(ended.unwrap(), JobState::Completed);
}

/// A store may come to lie on a full disk while it is closed.
#[test]
fn opening_uses_the_reserve_as_well() {
    let (dir, disk) = (directory(), SmallDisk::new(1000));
    let id = disk.open(dir.path()).enqueue(keyed("first")).unwrap().id;
    disk.set(17);
    let store = disk.open(dir.path());
    assert_eq!(reserve(dir.path()), 12);
    assert!(store.job(id).unwrap().is_some());
    drop(store);
    disk.set(200);
    disk.open(dir.path()).enqueue(keyed("second")).unwrap();
    assert_eq!(reserve(dir.path()), 16);
}

#[test]
fn a_policy_of_zero_keeps_nothing_back() {
    let dir = directory();
    let options = Options {
        disk: DiskPolicy {
            low_water_bytes: 0,
            reserve_bytes: 0,
        },
        space: Arc::new(|_| Ok(5 * MB)),
        ..ManualClock::new().options()
    };
    let store = Store::open(dir.path(), options).unwrap();
    store.enqueue(keyed("first")).unwrap();
    assert!(!dir.path().join("reserve").exists());
}

const SMALL_DISK: &str = "OPMILL_TEST_SMALL_DISK";

/// The same on a real disk of 64 MiB that is filled to the last byte. Skipped where none can be mounted.
#[test]
fn a_real_disk_fills_up_and_nothing_is_lost() {
    let dir = directory();
    let mounted = |command: &str| {
        let script = format!(
            "mount -t tmpfs -o size=64m tmpfs '{}' && {command}",
            dir.path().display()
        );
        let mut unshare = Command::new("unshare");
        unshare
            .args(["-rm", "sh", "-c", &script])
            .env(SMALL_DISK, dir.path())
            .output()
    };
    if !mounted("true").is_ok_and(|said| said.status.success()) {
        println!("skipped: no small disk can be mounted here");
        return;
    }
    let this = std::env::current_exe().unwrap();
    let child = format!(
        "exec '{}' --exact --nocapture --ignored full::on_the_small_disk",
        this.display()
    );
    let said = mounted(&child).unwrap();
    let text = String::from_utf8_lossy(&said.stdout);
    assert!(
        said.status.success() && text.contains("1 passed"),
        "{text}{}",
        String::from_utf8_lossy(&said.stderr)
    );
}

/// Takes every byte that is left.
fn fill(dir: &Path, name: &str) {
    let mut file = fs::File::create(dir.join(name)).unwrap();
    for block in [MB as usize, 4096] {
        while file.write_all(&vec![1; block]).is_ok() {}
    }
}

#[test]
#[ignore = "run by a_real_disk_fills_up_and_nothing_is_lost, on the disk that it mounts"]
fn on_the_small_disk() {
    let disk = std::env::var_os(SMALL_DISK).unwrap();
    let (disk, dir) = (Path::new(&disk), Path::new(&disk).join("store"));
    let policy = DiskPolicy {
        low_water_bytes: 16 * MB,
        reserve_bytes: 16 * MB,
    };
    let open = || {
        Store::open(
            &dir,
            Options {
                disk: policy,
                ..Options::default()
            },
        )
        .unwrap()
    };
    let store = open();
    let jobs: Vec<_> = (0..200)
        .map(|n| store.enqueue(keyed(&n.to_string())).unwrap().id)
        .collect();
    assert_eq!(reserve(&dir), 16);
    fill(disk, "filler");
    let refused = store.enqueue(keyed("one more"));
    assert!(
        matches!(refused, Err(StoreError::LowSpace { .. })),
        "{refused:?}"
    );

    // All of it is filled again whenever the store made room for itself, until there is no reserve left.
    let mut ended = 0;
    let full = loop {
        let run = || {
            let claimed = store.claim(&WorkerId::new("worker"), LEASE)?;
            let (lease, _) = claimed.expect("two hundred are enough");
            store.finish(&lease, Event::Succeeded, vec![done(0)], vec![], None)
        };
        match run() {
            Ok(_) => ended += 1,
            Err(error) => break error,
        }
        if ended % 5 == 0 {
            fill(disk, &format!("filler-{ended}"));
        }
    };
    assert!(matches!(full, StoreError::DiskFull { .. }), "{full:?}");
    assert!(ended >= 10 && reserve(&dir) == 0, "{ended} jobs ended");
    store.check().unwrap();

    for entry in fs::read_dir(disk).unwrap().map(Result::unwrap) {
        if entry.file_name().to_string_lossy().starts_with("filler") {
            fs::remove_file(entry.path()).unwrap();
        }
    }
    store.enqueue(keyed("one more")).unwrap();
    assert_eq!(reserve(&dir), 16);
    drop(store);
    let store = open();
    let states: Vec<_> = jobs
        .iter()
        .map(|id| store.job(*id).unwrap().unwrap().state)
        .collect();
    let completed = states
        .iter()
        .filter(|state| **state == JobState::Completed)
        .count();
    assert_eq!(
        completed, ended,
        "what was acknowledged is there, and nothing else"
    );
}
