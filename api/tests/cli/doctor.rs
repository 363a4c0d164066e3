//! Looking after a queue: doctor, export, import.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::Value;

use crate::world::{Said, World};

/// A queue with a job that ran and one that failed.
fn world() -> World {
    let world = World::new();
    world.clip("silent.mp4", "a.mp4");
    let said = world.opmill(&["run", "--ops", "vframe/jpg|saveas/b:a.jpg", "a.mp4"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let said = world.opmill(&[
        "run",
        "--ops",
        "vframe/jpg/offset/nine|saveas/b:b.jpg",
        "a.mp4",
    ]);
    assert_eq!(said.code, Some(1), "{said:?}");
    world
}

#[test]
fn a_sound_queue_is_called_sound() {
    let world = world();
    let said = world.opmill(&["doctor"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(
        said.out.starts_with("checked ") && said.out.ends_with(" records: nothing is wrong\n"),
        "{said:?}"
    );
    let said = world.opmill(&["doctor", "--repair", "--json"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let line = &said.lines()[0];
    assert_eq!(
        (&line["sound"], &line["findings"], &line["aside"]),
        (&true.into(), &0.into(), &Value::Null)
    );
}

#[test]
fn a_queue_that_does_not_open_is_looked_at_all_the_same() {
    let world = world();
    let conf = world.path(".opmill/store/conf");
    // Settings that are whole, with their checksum, and not ours.
    let settings = b"segment_size: 262144\nuse_compression: false\nversion: 0.34\n\xff\x71\xf5\x11";
    std::fs::write(&conf, settings).unwrap();
    let refused = world.opmill(&["jobs", "list"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.err.contains("opmill doctor"), "{refused:?}");
    let said = world.opmill(&["doctor"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(
        said.out
            .contains("files conf: the store did not open with it"),
        "{said:?}"
    );
    assert!(said.out.contains("1 finding, mended"), "{said:?}");
    assert_eq!(world.jobs().len(), 2, "it opens again");
}

/// Nothing of a log that is all zeros can be read; that is said, and not made a new queue.
#[test]
fn a_queue_of_which_nothing_is_left_is_not_called_sound() {
    let world = world();
    let log = world.path(".opmill/store/db");
    let length = std::fs::metadata(&log).unwrap().len();
    std::fs::write(&log, vec![0; length as usize]).unwrap();
    let said = world.opmill(&["doctor"]);
    assert_eq!(said.code, Some(1), "{said:?}");
}

#[test]
fn a_queue_moves_to_another_folder() {
    let world = world();
    let exported = world.opmill(&["export"]);
    assert_eq!(exported.code, Some(0), "{exported:?}");
    assert_eq!(exported.err, "");
    std::fs::write(world.path("queue.jsonl"), &exported.out).unwrap();
    let said = world.opmill(&["import", "--data", "there", "queue.jsonl"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let records = exported.lines().len() - 2;
    assert_eq!(said.out, format!("imported {records} records into there\n"));
    let there = |command: &[&str]| world.opmill(&[command, &["--data", "there"]].concat());
    assert_eq!(there(&["jobs", "list", "--json"]).lines(), world.jobs());
    assert_eq!(there(&["doctor"]).code, Some(0));

    // The same command line finds its job there.
    let again = there(&["run", "--ops", "vframe/jpg|saveas/b:a.jpg", "a.mp4"]);
    assert!(
        again.code == Some(0) && again.out.contains("finished before"),
        "{again:?}"
    );

    let taken = world.opmill(&["import", "--data", "there", "queue.jsonl"]);
    assert_eq!(taken.code, Some(2), "{taken:?}");
    assert!(
        taken.err.contains("import into a directory that is empty"),
        "{taken:?}"
    );

    // Through a pipe, cut off on the way.
    let mut child = world
        .command(&["import", "--data", "elsewhere", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let half = &exported.out.as_bytes()[..exported.out.len() / 2];
    child.stdin.take().unwrap().write_all(half).unwrap();
    let said = Said::from(child.wait_with_output().unwrap());
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(
        said.err.contains("cannot be imported") && said.err.contains("nothing was imported"),
        "{said:?}"
    );
    assert!(!world.path("elsewhere/store").exists());
}

#[test]
fn what_is_no_queue_is_wrong_usage() {
    let world = World::new();
    for line in [&["doctor"][..], &["export"], &["import", "nothing.jsonl"]] {
        let said = world.opmill(line);
        assert_eq!(said.code, Some(2), "{line:?}: {said:?}");
        assert!(!world.path(".opmill").exists(), "{line:?}: nothing is made");
    }
}
