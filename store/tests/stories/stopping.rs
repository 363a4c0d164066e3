//! A disk that fails: what the store then still does, and what it never does again.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use opmill_store::{
    Disposition, Event, JobState, NewJob, Options, Store, StoreError, UnixMillis, WorkerId,
};

use crate::common::{ALL_DONE, LEASE, ManualClock, directory, done, object};

/// A sync fails: nobody is told that it worked, nothing is tried again, reading goes on, and a restart starts from
/// what is on disk.
#[test]
fn after_a_failed_sync_nothing_more_is_written() {
    let dir = directory();
    let (clock, broken) = (ManualClock::new(), Arc::new(AtomicBool::new(false)));
    let disk = broken.clone();
    let sync = Arc::new(
        move |_: &Path, file: &fs::File| match disk.load(Ordering::SeqCst) {
            true => Err(std::io::Error::from_raw_os_error(5)),
            false => file.sync_data(),
        },
    );
    let store = Store::open(
        dir.path(),
        Options {
            sync,
            ..clock.options()
        },
    )
    .unwrap();
    let worker = WorkerId::new("worker");
    let claim = || store.claim(&worker, LEASE);
    let keyed = NewJob {
        idempotency_key: Some("known".to_owned()),
        ..NewJob::default()
    };
    let ended = store.enqueue(keyed).unwrap().id;
    let (lease, _) = claim().unwrap().unwrap();
    let over = store.finish(&lease, Event::Succeeded, vec![], vec![ALL_DONE], None);
    assert_eq!(over.unwrap(), JobState::Completed);
    let owed = store.deliveries(ended).unwrap()[0].id;
    let acknowledged = store.enqueue(NewJob::default()).unwrap().id;
    let (lease, _) = claim().unwrap().unwrap();
    assert!(store.check().is_ok() && store.flush().is_ok());

    broken.store(true, Ordering::SeqCst);
    let failed = store.enqueue(NewJob::default()).unwrap_err();
    assert!(matches!(&failed, StoreError::Failed { .. }), "{failed:?}");
    assert_eq!(failed.disposition(), Disposition::Interrupted);
    assert!(
        failed.to_string().contains("fdatasync of the log failed")
            && failed
                .to_string()
                .contains("check the disk, then restart opmill"),
        "{failed}"
    );

    broken.store(false, Ordering::SeqCst);
    let syncs = store.syncs();
    let refused = [
        store.check(),
        store.flush(),
        store.enqueue(NewJob::default()).map(drop),
        store.enqueue_all(vec![NewJob::default()]).map(drop),
        store.find("known").map(drop),
        claim().map(drop),
        store.redrive(ended, &[]).map(drop),
        store.prune(UnixMillis::new(u64::MAX), 1).map(drop),
        store.pause(None),
        store.resume(None).map(drop),
        store.delivered(owed),
        store.delivery_failed(owed, "500".to_owned(), None),
        store.remove_object("bucket:key"),
        store.heartbeat(&lease, LEASE).map(drop),
        store.record_item(&lease, done(0), None),
        store
            .finish(&lease, Event::Succeeded, vec![], vec![], None)
            .map(drop),
        store.while_held(&lease, || panic!("published what cannot be recorded")),
        store.cancel(acknowledged, vec![]).map(drop),
        store.promote().map(drop),
        store.rescue().map(drop),
        store.put_object("bucket:key", object()),
    ];
    for (verb, outcome) in refused.into_iter().enumerate() {
        assert!(
            matches!(outcome, Err(StoreError::Failed { .. })),
            "verb {verb}: {outcome:?}"
        );
    }
    assert!(store.job(acknowledged).unwrap().is_some());
    assert_eq!(
        store.jobs(None, 9).unwrap().len(),
        3,
        "with the one in doubt"
    );
    assert_eq!(store.deliveries(ended).unwrap().len(), 1);
    assert!(matches!(
        store.clone().close(),
        Err(StoreError::Failed { .. })
    ));
    assert_eq!(store.syncs(), syncs, "no sync is tried again");
    drop(store);

    let mark = dir.path().join("stopped");
    let left = fs::read_to_string(&mark).unwrap();
    assert!(left.contains("fdatasync of the log failed"), "{left}");
    let store = Store::open(dir.path(), clock.options()).unwrap();
    assert!(!mark.exists(), "the mark was heard");
    assert_eq!(
        store.job(acknowledged).unwrap().unwrap().state,
        JobState::Available
    );
}

/// A sync that panics, as sled does on an inconsistency, ends the writing for all; nobody waits for ever.
#[test]
fn a_sync_that_panics_is_a_failed_one() {
    let dir = directory();
    let armed = Arc::new(AtomicBool::new(false));
    let fuse = armed.clone();
    let sync = Arc::new(move |_: &Path, file: &fs::File| {
        assert!(!fuse.load(Ordering::SeqCst), "an inconsistency");
        file.sync_data()
    });
    let options = || Options {
        sync: sync.clone(),
        ..ManualClock::new().options()
    };
    let store = Store::open(dir.path(), options()).unwrap();
    armed.store(true, Ordering::SeqCst);
    let enqueue = || store.enqueue(NewJob::default());
    let outcomes = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..4).map(|_| scope.spawn(enqueue)).collect();
        clients
            .into_iter()
            .map(|client| client.join())
            .collect::<Vec<_>>()
    });
    assert_eq!(
        outcomes.iter().filter(|outcome| outcome.is_err()).count(),
        1,
        "one led and panicked"
    );
    assert!(
        outcomes
            .iter()
            .flatten()
            .all(|told| matches!(told, Err(StoreError::Failed { .. })))
    );
    assert!(matches!(enqueue(), Err(StoreError::Failed { .. })));
}
