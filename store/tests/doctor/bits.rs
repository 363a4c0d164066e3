//! Damage below the records: bits, pages and tails of the files of the store. Whatever it hits, the doctor and the export
//! come to an end, say what they could not read, and never make up what was not there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use opmill_store::{NewJob, Options, Store, StoreError};
use serde_json::Value;

use crate::common::{World, directory};

const JOBS: usize = 400;

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let name = entry.file_name();
        if name == "lock" || name == "reserve" {
            continue;
        }
        match entry.file_type().unwrap().is_dir() {
            true => {
                fs::create_dir_all(to.join(&name)).unwrap();
                copy(&entry.path(), &to.join(&name));
            }
            false => drop(fs::copy(entry.path(), to.join(name)).unwrap()),
        }
    }
}

fn options() -> Options {
    Options {
        disk: opmill_store::DiskPolicy {
            low_water_bytes: 0,
            reserve_bytes: 0,
        },
        sync: std::sync::Arc::new(|_, _| Ok(())),
        ..Options::default()
    }
}

/// A store of many jobs, closed.
fn store_of_many() -> (tempfile::TempDir, BTreeSet<String>) {
    let mut world = World::new();
    let jobs = (0..JOBS).map(|n| NewJob {
        spec: format!("spec of {n} {}", "x".repeat(n * 10)),
        ..NewJob::default()
    });
    let jobs = world.store().enqueue_all(jobs.collect()).unwrap();
    let ids = jobs.iter().map(|job| job.id.to_string()).collect();
    // Opening writes a snapshot, which says where in the log each page is.
    world.reopen();
    world.close();
    let dir = directory();
    copy(world.dir(), dir.path());
    (dir, ids)
}

/// The jobs in an export, and whether anything was left out of it; `None` when the store does not open in any way.
fn saved(dir: &Path) -> Option<(BTreeSet<String>, bool)> {
    let mut lines = Vec::new();
    match Store::export(dir, &options(), &mut lines, &mut |_| ()) {
        Ok(done) => {
            let lines = String::from_utf8(lines).unwrap();
            let values = lines
                .lines()
                .map(|line| serde_json::from_str::<Value>(line).unwrap());
            let jobs = values.filter(|line| line["kind"] == "job");
            let checked =
                jobs.inspect(|job| assert!(job["spec"].as_str().unwrap().starts_with("spec of ")));
            Some((
                checked
                    .map(|job| job["id"].as_str().unwrap().to_owned())
                    .collect(),
                done.left_out > 0,
            ))
        }
        Err(StoreError::Damaged { .. } | StoreError::Sled(_) | StoreError::Io { .. }) => None,
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn a_page_that_does_not_read_costs_its_own_records_alone() {
    let (store, ids) = store_of_many();
    let log = fs::read(store.path().join("db")).unwrap();
    let (mut whole, mut partly, mut shut, mut best) = (0, 0, 0, 0);
    let end = log.iter().rposition(|byte| *byte != 0).unwrap();
    for n in 0..32 {
        let dir = directory();
        copy(store.path(), dir.path());
        let mut damaged = log.clone();
        let place = 512 + n * (end - 512) / 32;
        damaged[place] ^= 0x10;
        fs::write(dir.path().join("db"), damaged).unwrap();
        match saved(dir.path()) {
            Some((jobs, left_out)) => {
                assert!(jobs.is_subset(&ids), "at {place}: nothing is made up");
                if jobs.len() == ids.len() {
                    whole += 1;
                } else {
                    assert!(left_out, "at {place}: jobs are gone without a word");
                    partly += 1;
                    best = best.max(jobs.len());
                }
            }
            None => shut += 1,
        }
        // Looking at it ends as well, and what it finds is an answer or an error of ours.
        let looked = Store::examine(dir.path(), &options(), &mut |_| ());
        assert!(
            matches!(
                looked,
                Ok(_)
                    | Err(StoreError::Damaged { .. } | StoreError::Sled(_) | StoreError::Io { .. })
            ),
            "at {place}: {looked:?}"
        );
    }
    println!(
        "32 flipped bits: {whole} without loss, {partly} with losses that are named (at best {best} of {JOBS} jobs saved), {shut} that do not open"
    );
    assert!(shut < 4, "{shut} of 32 do not open in any way");
    assert!(
        partly > 0 && best > JOBS / 2,
        "{whole} {partly} {shut} {best}"
    );
}
