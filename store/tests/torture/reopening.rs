//! How long opening takes when many jobs wait: the log has to be read from its beginning, as after a kill.

use std::sync::Arc;
use std::time::Instant;

use opmill_store::{NewJob, Options, Store};

use crate::common::directory;
use crate::dice::size;
use crate::figures::note;

const BATCH: usize = 1_000;

#[test]
fn a_store_with_many_jobs_opens() {
    let most = size("jobs", 2_000, 1_000_000);
    for target in [2_000, 10_000, 100_000, 1_000_000] {
        if target <= most {
            let name = format!("{target}_jobs_ms");
            note(&[("reopening", &name, reopen(target))]);
        }
    }
}

/// Milliseconds.
fn reopen(jobs: usize) -> usize {
    let dir = directory();
    // Filling it is not what is measured.
    let options = Options {
        sync: Arc::new(|_, _| Ok(())),
        ..Options::default()
    };
    let store = Store::open(dir.path(), options).unwrap();
    for _ in 0..jobs / BATCH {
        let job = NewJob {
            commands: 2,
            spec: "{}".to_owned(),
            ..NewJob::default()
        };
        store.enqueue_all(vec![job; BATCH]).unwrap();
    }
    store.close().unwrap();
    let started = Instant::now();
    let store = Store::open(dir.path(), Options::default()).unwrap();
    let took = started.elapsed();
    assert_eq!(store.counts().unwrap().available, jobs);
    took.as_millis() as usize
}
