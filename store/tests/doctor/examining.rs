//! One thing is wrong at a time: it is named with its tree and key, mended, and then nothing is wrong.

use std::fs;

use opmill_store::{Event, JobState, Options, Remedy, Store, StoreError};
use sled::Db;

use crate::common::{START, World, directory, id_bytes, tamper};
use crate::full_store::{examine, full_store, repair};

#[test]
fn a_store_with_everything_in_it_is_sound() {
    let mut world = full_store();
    world.close();
    let (diagnosis, found) = examine(world.dir());
    assert_eq!(found, []);
    assert!(
        diagnosis.is_sound() && diagnosis.records > 60,
        "{diagnosis:?}"
    );
    let (diagnosis, found) = repair(world.dir());
    assert!(found.is_empty() && diagnosis.aside.is_none());
    assert_eq!(
        examine(world.dir()).0.records,
        diagnosis.records,
        "nothing was changed"
    );
}

/// Changes one bit of the first value of a tree.
fn flip(db: &Db, tree: &str) {
    let tree = db.open_tree(tree).unwrap();
    let (key, value) = tree.first().unwrap().unwrap();
    let mut value = value.to_vec();
    value[8] ^= 4;
    tree.insert(key, value).unwrap();
}

/// Removes the first entry of a tree.
fn drop_first(db: &Db, tree: &str) {
    let tree = db.open_tree(tree).unwrap();
    let (key, _) = tree.first().unwrap().unwrap();
    tree.remove(key).unwrap();
}

/// Puts the first value of a tree under another key as well.
fn stray(db: &Db, tree: &str, key: &[u8]) {
    let tree = db.open_tree(tree).unwrap();
    let (_, value) = tree.first().unwrap().unwrap();
    tree.insert(key, value).unwrap();
}

/// A name, the damage, and what must be found first: tree, words, remedy.
type Row = (&'static str, fn(&Db), &'static str, &'static str, Remedy);

const ROWS: &[Row] = &[
    (
        "a bit of a job",
        |db| flip(db, "jobs"),
        "jobs",
        "checksum does not match",
        Remedy::PutAside,
    ),
    (
        "a job under another id",
        |db| stray(db, "jobs", &[9; 18]),
        "jobs",
        "it is that of job 018b",
        Remedy::PutAside,
    ),
    (
        "a job under no id",
        |db| stray(db, "jobs", b"short"),
        "jobs",
        "its key is malformed",
        Remedy::PutAside,
    ),
    (
        "a spec that is gone",
        |db| drop_first(db, "specs"),
        "jobs",
        "its spec does not read",
        Remedy::PutAside,
    ),
    (
        "a bit of a spec",
        |db| flip(db, "specs"),
        "jobs",
        "its spec does not read (its checksum",
        Remedy::PutAside,
    ),
    (
        "a spec of no job",
        |db| stray(db, "specs", &[&[1; 18][..], &[0, 0]].concat()),
        "specs",
        "there is no job 0101",
        Remedy::PutAside,
    ),
    (
        "a spec that begins in the middle",
        |db| stray(db, "specs", &[&[1; 18][..], &[0, 7]].concat()),
        "specs",
        "its part 0 is missing",
        Remedy::PutAside,
    ),
    (
        "the second half of an item",
        |db| {
            let items = db.open_tree("items").unwrap();
            let (second, _) = items.iter().nth(1).unwrap().unwrap();
            items.remove(second).unwrap();
        },
        "items",
        "its part 1 is missing",
        Remedy::PutAside,
    ),
    (
        "a bit of an item",
        |db| flip(db, "items"),
        "items",
        "checksum does not match",
        Remedy::PutAside,
    ),
    (
        "an item of no job",
        |db| stray(db, "items", &[1; 24]),
        "items",
        "is missing",
        Remedy::PutAside,
    ),
    (
        "an item of a command that there is not",
        |db| {
            let items = db.open_tree("items").unwrap();
            let (key, value) = items.last().unwrap().unwrap();
            items
                .insert([&key[..18], &[0, 0, 0, 9, 0, 0]].concat(), value)
                .unwrap();
        },
        "items",
        "has 2 commands",
        Remedy::PutAside,
    ),
    (
        "a bit of a delivery",
        |db| flip(db, "outbox"),
        "outbox",
        "checksum does not match",
        Remedy::PutAside,
    ),
    (
        "a delivery twice",
        |db| stray(db, "outbox", &900u64.to_be_bytes()),
        "outbox",
        "it is delivery 1",
        Remedy::PutAside,
    ),
    (
        "a bit of an object",
        |db| flip(db, "objects"),
        "objects",
        "checksum does not match",
        Remedy::PutAside,
    ),
    (
        "an object of no name",
        |db| stray(db, "objects", &[0xff]),
        "objects",
        "its key is malformed",
        Remedy::PutAside,
    ),
    (
        "the number of the next delivery",
        |db| {
            drop(
                db.open_tree("meta")
                    .unwrap()
                    .remove("next-delivery")
                    .unwrap(),
            );
        },
        "meta",
        "it says 1, but there is a delivery 13",
        Remedy::Restore,
    ),
    (
        "a bit of that number",
        |db| {
            drop(
                db.open_tree("meta")
                    .unwrap()
                    .insert("next-delivery", b"what?")
                    .unwrap(),
            );
        },
        "meta",
        "checksum does not match",
        Remedy::Restore,
    ),
    (
        "the format",
        |db| drop(db.open_tree("meta").unwrap().remove("format").unwrap()),
        "meta",
        "it is missing",
        Remedy::Restore,
    ),
    (
        "the number of changes",
        |db| {
            drop(
                db.open_tree("meta")
                    .unwrap()
                    .insert("changes", b"what?")
                    .unwrap(),
            );
        },
        "meta",
        "checksum does not match",
        Remedy::Restore,
    ),
    (
        "something else in meta",
        |db| {
            drop(
                db.open_tree("meta")
                    .unwrap()
                    .insert("colour", b"red")
                    .unwrap(),
            );
        },
        "meta",
        "nothing of this name is known",
        Remedy::PutAside,
    ),
    (
        "a pause",
        |db| {
            drop(
                db.open_tree("meta")
                    .unwrap()
                    .insert("paused", b"red")
                    .unwrap(),
            );
        },
        "meta",
        "too short",
        Remedy::PutAside,
    ),
    (
        "a key that is gone",
        |db| drop_first(db, "keys"),
        "keys",
        "is missing",
        Remedy::Restore,
    ),
    (
        "a key of another job",
        |db| {
            let keys = db.open_tree("keys").unwrap();
            let (_, other) = keys.last().unwrap().unwrap();
            let (key, _) = keys.first().unwrap().unwrap();
            keys.insert(key, other).unwrap();
        },
        "keys",
        "does not say what it should",
        Remedy::Restore,
    ),
    (
        "a key of nobody",
        |db| stray(db, "keys", b"nobody"),
        "keys",
        "nothing asks for this entry",
        Remedy::PutAside,
    ),
    (
        "an available job that nobody would find",
        |db| drop_first(db, "ready"),
        "ready",
        "is missing",
        Remedy::Restore,
    ),
    (
        "an available job that is not there",
        |db| stray(db, "ready", &[&[0][..], &[1; 26]].concat()),
        "ready",
        "nothing asks",
        Remedy::PutAside,
    ),
    (
        "an entry of garbage",
        |db| stray(db, "ready", b"??"),
        "ready",
        "its key is malformed",
        Remedy::PutAside,
    ),
    (
        "a job that would never come due",
        |db| drop_first(db, "due"),
        "due",
        "is missing",
        Remedy::Restore,
    ),
    (
        "a job that comes due twice",
        |db| stray(db, "due", &[1; 26]),
        "due",
        "nothing asks",
        Remedy::PutAside,
    ),
    (
        "a job that would never be pruned",
        |db| drop_first(db, "finished"),
        "finished",
        "is missing",
        Remedy::Restore,
    ),
    (
        "a job that is final in another way",
        |db| {
            let finished = db.open_tree("finished").unwrap();
            let (key, _) = finished.first().unwrap().unwrap();
            finished.insert(key, &[77]).unwrap();
        },
        "finished",
        "does not say what it should",
        Remedy::Restore,
    ),
    (
        "a bit of a history",
        |db| flip(db, "history"),
        "history",
        "checksum does not match",
        Remedy::PutAside,
    ),
    (
        "what an attempt at no job is at",
        |db| stray(db, "activity", &[&[1; 18][..], &[0, 0]].concat()),
        "activity",
        "there is no job 0101",
        Remedy::PutAside,
    ),
    (
        "a work that nobody does",
        |db| stray(db, "flights", b"another"),
        "flights",
        "nothing asks",
        Remedy::PutAside,
    ),
    (
        "a job that waits and is not waited with",
        |db| drop_first(db, "following"),
        "following",
        "is missing",
        Remedy::Restore,
    ),
    (
        "one that waits for nobody",
        |db| stray(db, "following", &[1; 36]),
        "following",
        "nothing asks",
        Remedy::PutAside,
    ),
    (
        "a lease that is gone",
        |db| drop_first(db, "leases"),
        "jobs",
        "there is no lease for it",
        Remedy::Restore,
    ),
    (
        "a bit of a lease",
        |db| flip(db, "leases"),
        "jobs",
        "there is no lease for it",
        Remedy::Restore,
    ),
    (
        "a lease on nothing",
        |db| stray(db, "leases", &[1; 18]),
        "leases",
        "no job runs under it",
        Remedy::PutAside,
    ),
    (
        "a lease that would never run out",
        |db| drop_first(db, "expiry"),
        "expiry",
        "is missing",
        Remedy::Restore,
    ),
    (
        "the end of no lease",
        |db| stray(db, "expiry", &[1; 26]),
        "expiry",
        "nothing asks",
        Remedy::PutAside,
    ),
    (
        "a delivery that would never be sent",
        |db| drop_first(db, "outbox_due"),
        "outbox_due",
        "is missing",
        Remedy::Restore,
    ),
    (
        "a delivery that is due for no reason",
        |db| stray(db, "outbox_due", &[1; 16]),
        "outbox_due",
        "nothing asks",
        Remedy::PutAside,
    ),
    (
        "a delivery that its job does not know",
        |db| drop_first(db, "owed"),
        "owed",
        "is missing",
        Remedy::Restore,
    ),
    (
        "a delivery of another job",
        |db| stray(db, "owed", &[1; 26]),
        "owed",
        "nothing asks",
        Remedy::PutAside,
    ),
];

#[test]
fn what_is_wrong_is_named_and_mended() {
    for (row, damage, tree, words, remedy) in ROWS {
        let mut world = full_store();
        world.close();
        tamper(world.dir(), damage);
        let (before, found) = examine(world.dir());
        let first = found.iter().find(|finding| finding.tree == *tree);
        let first = first.unwrap_or_else(|| panic!("{row}: {found:?}"));
        assert!(
            first.what.contains(words) && !first.key.is_empty(),
            "{row}: {first:?}"
        );
        assert_eq!(first.remedy, *remedy, "{row}");
        assert!(
            !before.is_sound() && before.repaired == 0,
            "{row}: {before:?}"
        );
        assert_eq!(
            examine(world.dir()).1,
            found,
            "{row}: looking changes nothing"
        );

        let (mended, _) = repair(world.dir());
        assert!(
            mended.is_sound() && mended.repaired > 0,
            "{row}: {mended:?}"
        );
        let is_there =
            |aside: &std::path::PathBuf| fs::metadata(aside).is_ok_and(|file| file.len() > 0);
        assert!(mended.aside.iter().all(is_there), "{row}");
        if *remedy == Remedy::PutAside {
            assert!(mended.aside.is_some(), "{row}: a copy is kept");
        }
        assert_eq!(examine(world.dir()).1, [], "{row}: sound from then on");
        let store = world.reopen();
        for job in store.jobs(None, 99).unwrap() {
            store.items(job.id).unwrap();
            store.deliveries(job.id).unwrap();
        }
        store.resume(None).unwrap();
        store.resume(Some("films")).unwrap();
        world.clock.advance(100 * crate::common::MINUTE);
        world.store().promote().unwrap();
        while let Some((lease, _)) = world.try_claim() {
            world
                .store()
                .finish(
                    &lease,
                    Event::Succeeded,
                    vec![],
                    vec![crate::common::ALL_DONE],
                    None,
                )
                .unwrap();
        }
    }
}

/// A copy of everything that is removed stays, readable, with the reason.
#[test]
fn what_is_removed_is_put_aside() {
    let mut world = World::new();
    let id = world.completed();
    let other = world.submit();
    world.close();
    tamper(world.dir(), |db| {
        let jobs = db.open_tree("jobs").unwrap();
        jobs.insert(id_bytes(&id.to_string()), b"junk").unwrap();
    });
    let refused = Store::open(world.dir(), Options::default()).unwrap_err();
    assert!(
        matches!(refused, StoreError::Corrupt { .. })
            && refused.to_string().contains("opmill doctor"),
        "{refused}"
    );
    let (diagnosis, found) = repair(world.dir());
    let aside = diagnosis.aside.clone().unwrap();
    assert_eq!(aside.parent(), Some(world.dir()));
    assert!(aside.ends_with(format!("aside.{START}.jsonl")));
    let text = fs::read_to_string(&aside).unwrap();
    let copies: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(copies[0]["tree"], "jobs");
    assert_eq!(copies[0]["key"], id.to_string());
    assert_eq!(copies[0]["value"], "6a756e6b");
    assert_eq!(copies[0]["why"], "its checksum does not match");
    let spec = copies.iter().find(|copy| copy["tree"] == "specs").unwrap();
    assert_eq!(spec["text"], "{\"spec\":\"\"}");
    assert_eq!(spec["why"], format!("there is no job {id} that reads"));
    assert_eq!(diagnosis.repaired as usize, found.len());

    let store = world.reopen();
    assert_eq!(store.job(id).unwrap(), None);
    assert_eq!(
        store.job(other).unwrap().unwrap().state,
        JobState::Available
    );
}

/// What a newer program wrote is not ours to judge.
#[test]
fn what_cannot_be_known_is_named_and_left() {
    let mut world = World::new();
    world.submit();
    world.submit();
    world.close();
    tamper(world.dir(), |db| {
        let jobs = db.open_tree("jobs").unwrap();
        let (key, value) = jobs.last().unwrap().unwrap();
        let mut newer = value.to_vec();
        newer.truncate(newer.len() - 4);
        newer[4] = 99;
        newer.extend(crc32c::crc32c(&newer).to_be_bytes());
        jobs.insert(key, newer).unwrap();
    });
    let (diagnosis, found) = repair(world.dir());
    let newer = found.iter().find(|finding| finding.tree == "jobs").unwrap();
    assert!(
        newer.what.contains("a newer opmill wrote it (schema 99"),
        "{newer:?}"
    );
    assert_eq!(newer.remedy, Remedy::None);
    assert!(!diagnosis.is_sound(), "{diagnosis:?}");
}

#[test]
fn only_a_store_that_nobody_uses_is_examined() {
    let world = World::new();
    let examine =
        |dir: &std::path::Path| Store::examine(dir, &Options::default(), &mut |_| ()).unwrap_err();
    assert!(matches!(examine(world.dir()), StoreError::InUse { .. }));
    let empty = directory();
    assert!(matches!(examine(empty.path()), StoreError::NoStore { .. }));
    assert_eq!(
        fs::read_dir(empty.path()).unwrap().count(),
        0,
        "none is made"
    );
}

/// What sled notes of itself is always the same, so a store is not lost for a bad copy of it.
#[test]
fn files_that_keep_it_from_opening_are_put_aside() {
    let mut world = full_store();
    world.close();
    let other = directory();
    let config = sled::Config::new().path(other.path());
    drop(config.segment_size(1 << 18).open().unwrap());
    fs::copy(other.path().join("conf"), world.dir().join("conf")).unwrap();
    assert!(matches!(
        Store::open(world.dir(), Options::default()),
        Err(StoreError::Damaged { .. })
    ));
    let (diagnosis, found) = examine(world.dir());
    assert!(diagnosis.is_sound() && found.len() == 1, "{found:?}");
    assert_eq!(
        (found[0].tree, found[0].key.as_str(), found[0].remedy),
        ("files", "conf", Remedy::Done)
    );
    assert!(world.dir().join("aside.conf").exists());
    world.reopen_after(|dir| {
        fs::write(dir.join("snap.00000000FFFFFFFF"), b"not a snapshot at all").unwrap();
        let (_, found) = examine(dir);
        assert_eq!((found[0].tree, found[0].key.as_str()), ("files", "snap"));
    });
    assert!(world.store().find("completed").unwrap().is_some());
}

/// A log that ends before what was acknowledged: what is gone is named, and a repair goes on with what is left.
#[test]
fn a_log_that_was_cut_short_is_named_and_gone_on_with() {
    let mut world = World::new();
    world.submit();
    world.reopen();
    let early: Vec<_> = ["db", "conf"]
        .map(|file| (file, fs::read(world.dir().join(file)).unwrap()))
        .into();
    world.submit();
    world.submit();
    world.close();
    for entry in fs::read_dir(world.dir()).unwrap().map(Result::unwrap) {
        if entry.file_name().to_string_lossy().starts_with("snap.") {
            fs::remove_file(entry.path()).unwrap();
        }
    }
    for (file, bytes) in early {
        fs::write(world.dir().join(file), bytes).unwrap();
    }
    assert!(matches!(
        Store::open(world.dir(), Options::default()),
        Err(StoreError::CutShort { missing: 2, .. })
    ));
    let (diagnosis, found) = examine(world.dir());
    assert_eq!(found.len(), 1);
    assert!(
        found[0]
            .what
            .contains("lacks the last 2 changes that were acknowledged"),
        "{found:?}"
    );
    assert_eq!(
        (found[0].tree, found[0].key.as_str(), found[0].remedy),
        ("files", "acknowledged", Remedy::PutAside)
    );
    assert!(!diagnosis.is_sound());
    assert!(repair(world.dir()).0.is_sound());
    assert!(world.dir().join("aside.acknowledged").exists());
    assert_eq!(world.reopen().jobs(None, 9).unwrap().len(), 1);
}
