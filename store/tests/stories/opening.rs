//! Opening a directory: whose it is, what the last process left, what is refused.

use std::fs;
use std::path::Path;

use opmill_store::{Disposition, Event, JobState, NewJob, Options, Store, StoreError};

use crate::common::{ALL_DONE, LEASE, MINUTE, START, World, directory, done, id_bytes, tamper};

fn snapshots(dir: &Path) -> Vec<std::path::PathBuf> {
    let names = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    names
        .filter(|path| {
            path.file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .starts_with("snap.")
        })
        .collect()
}

#[test]
fn a_directory_in_use_is_refused_by_name() {
    let world = World::new();
    let snapshot_of_the_other = world.dir().join("snap.00000000FFFFFFFF.generating");
    fs::write(&snapshot_of_the_other, b"being written").unwrap();
    let refused = Store::open(world.dir(), Options::default()).unwrap_err();
    assert!(
        snapshot_of_the_other.exists(),
        "nothing is tidied in a directory in use"
    );
    assert!(matches!(&refused, StoreError::InUse { dir } if dir == world.dir()));
    let text = refused.to_string();
    assert!(
        text.starts_with("another opmill process is using")
            && text.contains(world.dir().to_str().unwrap())
    );
    assert_eq!(refused.disposition(), Disposition::Retry);
}

/// The last clone releases the directory, closed or merely dropped, also right after work.
#[test]
fn a_closed_directory_can_be_opened_at_once() {
    let mut world = World::new();
    for round in 0..10 {
        let clone = world.store().clone();
        world
            .store()
            .enqueue_all(vec![NewJob::default(); 20])
            .unwrap();
        world.close();
        assert!(
            matches!(
                Store::open(world.dir(), Options::default()),
                Err(StoreError::InUse { .. })
            ),
            "a clone lives"
        );
        clone.enqueue(NewJob::default()).unwrap();
        drop(clone);
        assert_eq!(world.reopen().counts().unwrap().available, 21 * (round + 1));
    }
}

/// A job that was running belongs to a process that is gone: it is available at once, and the rescue is counted.
#[test]
fn a_running_job_is_given_back_when_the_store_opens() {
    let mut world = World::new();
    let id = world.submit();
    let lease = world.claim();
    world.store().heartbeat(&lease, 100 * MINUTE).unwrap();
    world.reopen();
    let job = world.job(id);
    assert_eq!(
        (job.state, job.rescues, job.attempts, job.fence),
        (JobState::Available, 1, 1, 1)
    );
    assert_eq!(world.store().next_wakeup().unwrap(), None);
    assert!(matches!(
        world.store().heartbeat(&lease, LEASE),
        Err(StoreError::LeaseLost { .. })
    ));
    assert_eq!(world.claim().fence, 2);
}

/// sled takes a half-written snapshot of a killed process for the newest one, and does not open.
#[test]
fn a_half_written_snapshot_does_no_harm() {
    let mut world = World::new();
    let id = world.completed();
    let leftover = "snap.00000000FFFFFFFF.generating";
    world.reopen_after(|dir| {
        fs::write(dir.join(leftover), b"half").unwrap();
        let sled = sled::Config::new().path(dir).open();
        assert!(
            matches!(sled, Err(sled::Error::Corruption { .. })),
            "the trap this is about"
        );
    });
    assert_eq!(world.state(id), JobState::Completed);
    let names = fs::read_dir(world.dir()).unwrap();
    let left = names.filter(|name| {
        name.as_ref()
            .unwrap()
            .path()
            .to_string_lossy()
            .contains("FFFFFFFF")
    });
    assert_eq!(left.count(), 0, "deleted, not put aside with the good one");
}

/// Without its snapshot sled reads the whole log instead. Nothing is deleted.
#[test]
fn a_damaged_snapshot_is_put_aside() {
    let mut world = World::new();
    let id = world.completed();
    world.reopen_after(|dir| {
        for snapshot in snapshots(dir) {
            let mut bytes = fs::read(&snapshot).unwrap();
            bytes[0] ^= 1;
            fs::write(&snapshot, bytes).unwrap();
        }
        fs::write(dir.join("snap.00000000FFFFFFFF"), b"not a snapshot at all").unwrap();
    });
    assert_eq!(world.state(id), JobState::Completed);
    assert!(world.dir().join("aside.snap.00000000FFFFFFFF").exists());
}

/// A full disk, or a power cut, at the first start.
#[test]
fn settings_that_were_cut_off_are_written_anew() {
    let mut world = World::new();
    let id = world.submit();
    let whole = fs::read(world.dir().join("conf")).unwrap();
    for length in (0..whole.len()).step_by(3) {
        world.reopen_after(|dir| fs::write(dir.join("conf"), &whole[..length]).unwrap());
        assert_eq!(world.job(id).id, id);
        assert_eq!(fs::read(world.dir().join("conf")).unwrap(), whole);
    }
}

#[test]
fn a_store_that_does_not_open_says_what_to_do() {
    let mut world = World::new();
    world.completed();
    world.close();
    // Settings that are whole, and not ours.
    let other = directory();
    let config = sled::Config::new().path(other.path());
    drop(config.segment_size(1 << 18).open().unwrap());
    fs::copy(other.path().join("conf"), world.dir().join("conf")).unwrap();
    let refused = Store::open(world.dir(), Options::default()).unwrap_err();
    assert!(matches!(refused, StoreError::Damaged { .. }), "{refused:?}");
    let text = refused.to_string();
    assert!(
        text.contains("nothing was deleted") && text.contains(world.dir().to_str().unwrap()),
        "{text}"
    );
    assert_eq!(refused.disposition(), Disposition::Fail);
}

/// The trees that follow from others are repaired: entries lost, entries left over.
#[test]
fn indexes_are_rebuilt_from_the_jobs() {
    let mut world = World::new();
    let keyed = NewJob {
        idempotency_key: Some("k".to_owned()),
        ..NewJob::default()
    };
    let available = world.submit_with(keyed);
    let scheduled = world.submit_with(NewJob {
        due: Some(START.plus(MINUTE)),
        ..NewJob::default()
    });
    let cancelled = world.submit();
    world.store().cancel(cancelled, vec![ALL_DONE]).unwrap();
    let counts = world.store().counts().unwrap();

    world.reopen_after(|dir| {
        tamper(dir, |db| {
            for name in ["ready", "due", "finished", "keys", "outbox_due", "owed"] {
                let tree = db.open_tree(name).unwrap();
                let (key, value) = tree
                    .first()
                    .unwrap()
                    .unwrap_or_else(|| panic!("{name} is in use"));
                tree.clear().unwrap();
                let stale: Vec<u8> = key.iter().map(|byte| byte ^ 1).collect();
                tree.insert(stale, value).unwrap();
            }
            db.open_tree("leases")
                .unwrap()
                .insert([7; 18], b"left over")
                .unwrap();
            db.open_tree("expiry")
                .unwrap()
                .insert([7; 26], b"")
                .unwrap();
        });
    });
    assert_eq!(world.store().counts().unwrap(), counts);
    assert_eq!(world.store().find("k").unwrap(), Some(available));
    assert_eq!(
        world.store().due_deliveries(10).unwrap(),
        world.deliveries(cancelled)
    );
    assert_eq!(world.claim().job, available);
    world.clock.advance(MINUTE);
    assert_eq!(world.store().promote().unwrap().promoted, 1);
    assert_eq!(world.claim().job, scheduled);
    assert_eq!(world.try_claim(), None);
}

/// One bit anywhere in a record is noticed, and the error says where.
#[test]
fn a_damaged_record_is_named() {
    let mut world = World::new();
    let id = world.submit();
    world
        .store()
        .finish(
            &world.claim(),
            Event::Succeeded,
            vec![done(0)],
            vec![],
            None,
        )
        .unwrap();
    world.reopen_after(|dir| {
        tamper(dir, |db| {
            let items = db.open_tree("items").unwrap();
            let (key, value) = items.first().unwrap().unwrap();
            let mut value = value.to_vec();
            value[20] ^= 4;
            items.insert(key, value).unwrap();
        });
    });
    match world.store().items(id) {
        Err(StoreError::Corrupt { tree, key, reason }) => {
            assert_eq!(
                (tree, reason.as_str()),
                ("items", "its checksum does not match")
            );
            assert!(key.starts_with(&id.to_string()));
        }
        other => panic!("{other:?}"),
    }

    world.close();
    tamper(world.dir(), |db| {
        drop(
            db.open_tree("jobs")
                .unwrap()
                .insert(id_bytes(&id.to_string()), b"junk")
                .unwrap(),
        )
    });
    let refused = Store::open(world.dir(), Options::default()).unwrap_err();
    assert!(
        matches!(&refused, StoreError::Corrupt { tree: "jobs", key, .. } if *key == id.to_string()),
        "{refused:?}"
    );
}

/// A store or a record of a newer program is refused, and left as it is.
#[test]
fn what_a_newer_opmill_wrote_is_refused_and_kept() {
    // magic, codec, kind, schema, flags, body, checksum
    let record = |codec: u8, kind: u8, schema: u16, body: &[u8]| {
        let mut bytes = vec![0xa7, codec, kind];
        bytes.extend(schema.to_be_bytes());
        bytes.push(0);
        bytes.extend(body);
        bytes.extend(crc32c::crc32c(&bytes).to_be_bytes());
        bytes
    };
    let format = |min_reader: u16, min_writer: u16| {
        let body = format!(
            r#"{{"format":9,"min_reader":{min_reader},"min_writer":{min_writer},"created_by":"opmill 9"}}"#
        );
        record(2, 1, 1, body.as_bytes())
    };
    let rows = [
        (
            "a store that must not be read",
            "meta",
            b"format".to_vec(),
            format(9, 9),
            9,
        ),
        (
            "a store that must not be written",
            "meta",
            b"format".to_vec(),
            format(1, 8),
            8,
        ),
        (
            "a format record of another kind",
            "meta",
            b"format".to_vec(),
            record(7, 1, 2, b"?"),
            2,
        ),
        (
            "a job record",
            "jobs",
            vec![1; 18],
            record(9, 3, 4, b"?"),
            4,
        ),
        (
            "a delivery record",
            "outbox",
            vec![1; 8],
            record(9, 5, 4, b"?"),
            4,
        ),
    ];
    for (name, tree, key, value, expected) in rows {
        let mut world = World::new();
        world.completed();
        world.close();
        tamper(world.dir(), |db| {
            drop(
                db.open_tree(tree)
                    .unwrap()
                    .insert(&key[..], &value[..])
                    .unwrap(),
            )
        });
        let refused = Store::open(world.dir(), Options::default()).unwrap_err();
        assert!(
            matches!(refused, StoreError::Newer { found, .. } if found == expected),
            "{name}: {refused:?}"
        );
        assert!(refused.to_string().contains("upgrade opmill"), "{name}");
        tamper(world.dir(), |db| {
            assert_eq!(
                db.open_tree(tree).unwrap().get(&key).unwrap().unwrap(),
                &value[..],
                "{name}"
            );
            assert_eq!(
                db.open_tree("jobs").unwrap().len(),
                1 + usize::from(tree == "jobs"),
                "{name}"
            );
        });
    }
}
