//! A store as JSON lines and back: everything is as it was.

use std::io::Cursor;

use opmill_store::{Event, JobState, NewJob, Options, Store, StoreError};
use serde_json::Value;

use crate::common::{LEASE, ManualClock, START, World, directory, done, tamper};
use crate::full_store::{export, full_store};

fn import(dir: &std::path::Path, lines: &[String]) -> Result<u64, StoreError> {
    let text = lines
        .iter()
        .map(|line| format!("{line}\n"))
        .collect::<String>();
    let options = ManualClock::new().options();
    Store::import(dir, &options, &mut Cursor::new(text)).map(|done| done.records)
}

/// Everything that can be read, as text.
fn dump(store: &Store) -> Vec<String> {
    let mut text = Vec::new();
    for job in store.jobs(None, usize::MAX).unwrap() {
        text.push(format!("{job:?}"));
        text.push(format!("{:?}", store.items(job.id).unwrap()));
        text.push(format!("{:?}", store.deliveries(job.id).unwrap()));
        text.push(format!("{:?}", store.history(job.id).unwrap()));
        text.push(format!("{:?}", store.activity(job.id).unwrap()));
        text.push(format!("{:?}", store.followers(job.id).unwrap()));
    }
    for key in [
        "completed",
        "discarded",
        "retryable",
        "interrupted",
        "cancelled",
        "scheduled",
        "running",
        "never",
    ] {
        text.push(format!("{key}: {:?}", store.find(key).unwrap()));
    }
    text.push(format!(
        "{:?} {:?}",
        store.object("bucket:key é").unwrap(),
        store.object("no").unwrap()
    ));
    text.push(format!(
        "{:?} {:?}",
        store.counts().unwrap(),
        store.paused().unwrap()
    ));
    text.push(format!(
        "{:?} {:?}",
        store.due_deliveries(99).unwrap(),
        store.next_wakeup().unwrap()
    ));
    text
}

#[test]
fn everything_is_as_it_was() {
    let mut world = full_store();
    world.close();
    let (lines, found) = export(world.dir());
    assert_eq!(found, []);
    let there = directory();
    let dir = there.path().join("store");
    assert_eq!(import(&dir, &lines).unwrap() as usize, lines.len() - 2);
    let (again, _) = export(&dir);
    assert_eq!(again, lines, "an export of the import is the export");
    let (diagnosis, found) = crate::full_store::examine(&dir);
    assert!(diagnosis.is_sound(), "{found:?}");

    // And to those who use it: what runs is given back at the start, here as there.
    let moved = Store::open(&dir, world.clock.options()).unwrap();
    let here = world.reopen();
    assert_eq!(dump(&moved), dump(here));
    // The next of everything is the same, too.
    for store in [&moved, here] {
        store.resume(None).unwrap();
        store.resume(Some("films")).unwrap();
    }
    let next = |store: &Store| {
        store
            .claim(&opmill_store::WorkerId::new("w"), LEASE)
            .unwrap()
            .unwrap()
    };
    assert_eq!(next(&moved), next(here));
    let owed = |store: &Store| {
        let job = store.enqueue(NewJob::default()).unwrap().id;
        store.cancel(job, vec![crate::common::ALL_DONE]).unwrap();
        store.deliveries(job).unwrap()[0].id
    };
    assert_eq!(
        owed(&moved),
        owed(here),
        "no delivery gets the number of another"
    );
}

/// For people and other programs: one object a line, with named fields.
#[test]
fn lines_speak_for_themselves() {
    let mut world = full_store();
    world.close();
    let (lines, _) = export(world.dir());
    let values: Vec<Value> = lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let first = &values[0];
    assert_eq!(
        (&first["kind"], &first["version"]),
        (&"opmill-export".into(), &1.into())
    );
    let of = |kind: &str| {
        values
            .iter()
            .filter(|value| value["kind"] == kind)
            .collect::<Vec<_>>()
    };
    let jobs = of("job");
    assert_eq!(jobs.len(), 9);
    let states: Vec<_> = jobs
        .iter()
        .map(|job| job["state"].as_str().unwrap())
        .collect();
    assert_eq!(
        states,
        [
            "completed",
            "discarded",
            "retryable",
            "available",
            "cancelled",
            "scheduled",
            "available",
            "running",
            "available"
        ]
    );
    assert_eq!(jobs[0]["spec"], "{\"of\":\"completed\"}");
    assert_eq!(jobs[0]["id"].as_str().unwrap().len(), 36);
    assert_eq!(jobs[2]["at"], START.get() + 60_000);
    assert_eq!(jobs[7]["lease"]["worker"], "worker");
    let item = of("item")[0];
    assert_eq!(
        (&item["job"], &item["outcome"]),
        (&jobs[0]["id"], &"succeeded".into())
    );
    assert_eq!(
        (of("delivery").len(), of("object").len(), of("pause").len()),
        (13, 1, 2)
    );
    assert_eq!(of("delivery")[1]["state"], "given-up");
    assert_eq!(values.last().unwrap()["complete"], true);
}

/// What does not read is named and left out, with what hangs on it; the rest is a store again.
#[test]
fn what_reads_is_saved() {
    let mut world = full_store();
    let jobs = world.store().jobs(None, 99).unwrap();
    world.close();
    tamper(world.dir(), |db| {
        let damage = |tree: &str, nth: usize| {
            let tree = db.open_tree(tree).unwrap();
            let (key, value) = tree.iter().nth(nth).unwrap().unwrap();
            let mut value = value.to_vec();
            value[9] ^= 1;
            tree.insert(key, value).unwrap();
        };
        damage("jobs", 0);
        damage("specs", 1);
        // The second part of the long item of the third job.
        damage("items", 9);
        damage("outbox", 12);
        damage("objects", 0);
    });
    assert!(Store::open(world.dir(), Options::default()).is_err());
    let (lines, found) = export(world.dir());
    let trees: Vec<_> = found.iter().map(|finding| finding.tree).collect();
    let deliveries = ["outbox"; 7];
    assert_eq!(
        trees,
        [&["jobs", "specs", "items"][..], &deliveries, &["objects"]].concat(),
        "{found:?}"
    );
    let end: Value = serde_json::from_str(lines.last().unwrap()).unwrap();
    assert_eq!(end["complete"], false);

    let there = directory();
    import(there.path(), &lines).unwrap();
    let moved = Store::open(there.path(), ManualClock::new().options()).unwrap();
    let saved = moved.jobs(None, 99).unwrap();
    let left: Vec<_> = jobs[2..].iter().map(|job| job.id).collect();
    assert_eq!(saved.iter().map(|job| job.id).collect::<Vec<_>>(), left);
    assert_eq!(
        moved.items(left[0]).unwrap().len(),
        1,
        "the other item of that job"
    );
    assert_eq!(moved.items(left[1]).unwrap().len(), 2);
}

#[test]
fn an_import_is_all_or_nothing() {
    let mut world = World::new();
    world.submit();
    let lease = world.claim();
    let ended = world
        .store()
        .finish(&lease, Event::Succeeded, vec![done(0)], vec![], None);
    assert_eq!(ended.unwrap(), JobState::Completed);
    world.close();
    let (lines, _) = export(world.dir());
    let job = lines[1].clone();
    let without = |n: usize| [&lines[..n], &lines[n + 1..]].concat();
    let with = |n: usize, line: &str| [&lines[..n], &[line.to_owned()], &lines[n..]].concat();
    let instead =
        |n: usize, line: &str| [&lines[..n], &[line.to_owned()], &lines[n + 1..]].concat();
    let rows = [
        ("empty", vec![], "line 1", "cut off"),
        (
            "not ours",
            vec!["{\"kind\":\"job\"}".to_owned()],
            "line 1",
            "no export of opmill",
        ),
        (
            "cut off",
            lines[..lines.len() - 1].to_vec(),
            "line 4",
            "cut off",
        ),
        (
            "a record is missing",
            without(2),
            "line 3",
            "tells of 2 records, and 1 are here",
        ),
        (
            "a job twice",
            instead(2, &job),
            "line 3",
            "is there already",
        ),
        (
            "two exports",
            with(2, &lines[0]),
            "line 3",
            "another export begins",
        ),
        (
            "after the end",
            with(lines.len(), &job),
            "line 5",
            "after the last line",
        ),
        ("half a line", with(1, &job[..30]), "line 2", "EOF"),
        (
            "a field that is not known",
            with(1, &job.replacen("\"lane\"", "\"line\"", 1)),
            "line 2",
            "unknown field `line`",
        ),
        (
            "a state that is not known",
            with(1, &job.replacen("completed", "ended", 1)),
            "line 2",
            "unknown variant `ended`",
        ),
        (
            "an item of no job",
            instead(
                2,
                &format!(
                    "{{\"kind\":\"item\",\"job\":\"{}\",\"index\":0,\"outcome\":\"failed\",\"attempt\":1,\"recorded\":1,\"body\":\"\"}}",
                    "0".repeat(36)
                ),
            ),
            "line 3",
            "belongs to job 0000",
        ),
    ];
    for (row, lines, line, words) in rows {
        let there = directory();
        let dir = there.path().join("store");
        let refused = import(&dir, &lines).unwrap_err();
        assert!(
            matches!(refused, StoreError::BadLine { .. }),
            "{row}: {refused:?}"
        );
        let text = refused.to_string();
        assert!(
            text.contains(line) && text.contains(words) && text.contains("nothing was imported"),
            "{row}: {text}"
        );
        assert_eq!(
            std::fs::read_dir(there.path()).unwrap().count(),
            0,
            "{row}: nothing is left"
        );
    }

    let there = directory();
    let newer = [
        &[lines[0].replacen("\"version\":1", "\"version\":2", 1)],
        &lines[1..],
    ]
    .concat();
    let refused = import(&there.path().join("store"), &newer).unwrap_err();
    assert!(
        matches!(
            refused,
            StoreError::Newer {
                found: 2,
                supported: 1,
                ..
            }
        ),
        "{refused:?}"
    );

    let taken = full_store();
    let refused = import(taken.dir(), &lines).unwrap_err();
    assert!(
        matches!(refused, StoreError::NotEmpty { .. }),
        "{refused:?}"
    );
    assert!(
        taken
            .store()
            .jobs(None, 9)
            .unwrap()
            .iter()
            .any(|job| job.state == JobState::Completed)
    );
}
