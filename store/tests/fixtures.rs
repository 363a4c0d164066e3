//! Stores written by released formats open in this one, with everything in them. `OPMILL_REGENERATE=1` writes the
//! fixture of the current format anew; those of earlier formats are never touched.
#![allow(clippy::unwrap_used)]

mod common;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use common::{ALL_DONE, LEASE, MINUTE, ManualClock, START, World, command_done, directory, done};
use opmill_store::{Event, NewItem, NewJob, Next, Priority, Store, StoredObject};

/// What is written today.
const NEWEST: &str = "v3";

/// What was written in that format.
fn fixture(format: &str, name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/store");
    root.join(format).join(name)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        if ["lock", "reserve"]
            .iter()
            .any(|name| entry.file_name() == *name)
        {
            continue;
        }
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to.join(entry.file_name())),
            false => drop(fs::copy(entry.path(), to.join(entry.file_name())).unwrap()),
        }
    }
}

/// A job in every state, items short and long, deliveries in every state, an object.
fn write_store(dir: &Path) {
    let world = World::new();
    let store = world.store();
    let keyed = |key: &str| NewJob {
        idempotency_key: Some(key.to_owned()),
        spec: "{\"n\":1}".into(),
        ..NewJob::default()
    };
    for (key, event) in [
        ("completed", Event::Succeeded),
        ("discarded", Event::Failed(Next::GiveUp)),
        (
            "retryable",
            Event::Failed(Next::RetryAt(START.plus(MINUTE))),
        ),
        ("interrupted", Event::Interrupted),
    ] {
        world.submit_with(NewJob {
            priority: Priority::new(1),
            lane: "films".to_owned(),
            ..keyed(key)
        });
        let lease = world.claim();
        store
            .record_item(
                &lease,
                NewItem {
                    body: "long ".repeat(1100),
                    ..done(0)
                },
                Some(command_done(0)),
            )
            .unwrap();
        store
            .finish(
                &lease,
                event,
                vec![done(1)],
                vec![ALL_DONE],
                Some(key.to_owned()),
            )
            .unwrap();
    }
    let due = store.due_deliveries(2).unwrap();
    store.delivered(due[0].id).unwrap();
    store
        .delivery_failed(due[1].id, "500".to_owned(), None)
        .unwrap();
    let cancelled = world.submit_with(keyed("cancelled"));
    store.cancel(cancelled, vec![ALL_DONE]).unwrap();
    world.submit_with(NewJob {
        due: Some(START.plus(MINUTE)),
        ..keyed("scheduled")
    });
    world.submit_with(NewJob {
        priority: Priority::new(0),
        spec: "x".repeat(9000),
        work: Some("work".to_owned()),
        ..keyed("running")
    });
    store
        .claim(&opmill_store::WorkerId::new("host-1/2"), LEASE)
        .unwrap();
    world.submit_with(NewJob {
        work: Some("work".to_owned()),
        ..keyed("following")
    });
    let hash = "FgXnBxUvfG5iLMtIVIqPNi3aq5Gf".to_owned();
    let object = StoredObject {
        hash,
        size: 7,
        mime: None,
        modified: START,
        stored: START,
        expires: None,
    };
    store.put_object("bucket:key", object).unwrap();
    store.pause(Some("films")).unwrap();
    fs::remove_dir_all(dir).ok();
    // While it runs: what a crash would leave, with a lease in it.
    copy(world.dir(), dir);
}

/// Everything that can be read, as text.
fn dump(store: &Store) -> String {
    let mut text = String::new();
    for job in store.jobs(None, usize::MAX).unwrap() {
        writeln!(text, "{job:?}").unwrap();
        store
            .items(job.id)
            .unwrap()
            .iter()
            .for_each(|item| writeln!(text, "  {item:?}").unwrap());
        store
            .deliveries(job.id)
            .unwrap()
            .iter()
            .for_each(|delivery| writeln!(text, "  {delivery:?}").unwrap());
        let history = store.history(job.id).unwrap();
        history
            .events
            .iter()
            .for_each(|past| writeln!(text, "  {past:?}").unwrap());
    }
    for key in ["completed", "cancelled", "running", "never"] {
        writeln!(text, "{key}: {:?}", store.find(key).unwrap()).unwrap();
    }
    writeln!(
        text,
        "{:?}\n{:?}\n{:?}",
        store.object("bucket:key").unwrap(),
        store.counts().unwrap(),
        store.paused().unwrap()
    )
    .unwrap();
    text
}

/// The store opens, with everything in it.
fn opens(format: &str) {
    let dir = directory();
    copy(&fixture(format, "store"), dir.path());
    let store = Store::open(dir.path(), ManualClock::new().options()).unwrap();
    let dump = dump(&store);
    if format == NEWEST && std::env::var_os("OPMILL_REGENERATE").is_some() {
        fs::write(fixture(format, "store.txt"), &dump).unwrap();
    }
    let expected = fs::read_to_string(fixture(format, "store.txt")).unwrap();
    assert_eq!(dump, expected);
}

/// Looked at as it is, nothing is wrong with it; taken out as lines and put in again, everything is there.
fn is_looked_after(format: &str) {
    let dir = directory();
    copy(&fixture(format, "store"), dir.path());
    let options = ManualClock::new().options();
    let mut found = Vec::new();
    let looked = Store::examine(dir.path(), &options, &mut |finding| {
        found.push(finding.clone())
    });
    assert!(looked.unwrap().records > 40);
    assert_eq!(found, [], "{format}");
    let mut lines = Vec::new();
    Store::export(dir.path(), &options, &mut lines, &mut |finding| {
        panic!("{finding}")
    })
    .unwrap();
    if format == NEWEST && std::env::var_os("OPMILL_REGENERATE").is_some() {
        fs::write(fixture(format, "export.jsonl"), &lines).unwrap();
    }
    reads(format, &lines);
}

/// The lines make a store with everything in it.
fn reads(format: &str, mut lines: &[u8]) {
    let dir = directory();
    let dir = dir.path().join("store");
    let options = ManualClock::new().options();
    Store::import(&dir, &options, &mut lines).unwrap();
    let store = Store::open(&dir, options).unwrap();
    let expected = fs::read_to_string(fixture(format, "store.txt")).unwrap();
    assert_eq!(dump(&store), expected);
}

#[test]
fn stores_of_every_format_are_looked_after() {
    for format in ["v1", "v2", "v3"] {
        is_looked_after(format);
    }
}

#[test]
fn exports_of_every_version_are_read() {
    for format in ["v2", "v3"] {
        reads(format, &fs::read(fixture(format, "export.jsonl")).unwrap());
    }
}

#[test]
fn a_store_without_lanes_opens() {
    opens("v1");
}

#[test]
fn a_store_with_lanes_opens() {
    opens("v2");
}

#[test]
fn a_store_with_histories_and_followers_opens() {
    if std::env::var_os("OPMILL_REGENERATE").is_some() {
        write_store(&fixture(NEWEST, "store"));
    }
    opens(NEWEST);
}
