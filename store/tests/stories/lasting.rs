//! What is owed and what is known outlives the process.

use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex};

use opmill_store::{
    Counts, DeliveryState, Event, JobState, NewJob, Options, OwedScope, Store, StoredObject,
};

use crate::common::{
    ALL_DONE, MINUTE, ManualClock, SECOND, START, World, command_done, directory, done,
};

/// The last result, the final state and the notification commit together.
#[test]
fn the_end_of_a_job_and_what_it_owes_are_one_step() {
    let mut world = World::new();
    let id = world.submit();
    let lease = world.claim();
    world
        .store()
        .record_item(&lease, done(0), Some(command_done(0)))
        .unwrap();
    let before = world.store().syncs();
    world
        .store()
        .finish(
            &lease,
            Event::Succeeded,
            vec![done(1)],
            vec![command_done(1), ALL_DONE],
            None,
        )
        .unwrap();
    assert_eq!(world.store().syncs() - before, 1, "one commit");

    world.reopen();
    assert_eq!(
        (world.state(id), world.items(id).len()),
        (JobState::Completed, 2)
    );
    let owed: Vec<_> = world
        .deliveries(id)
        .iter()
        .map(|delivery| (delivery.scope, delivery.code))
        .collect();
    let command = |index| (OwedScope::Command(opmill_store::ItemIndex(index)), 3);
    assert_eq!(owed, [command(0), command(1), (OwedScope::All, 3)]);
}

/// A notification fails, the process restarts, it fails again, and is delivered: one id, one history.
#[test]
fn a_notification_survives_restarts_until_it_is_delivered() {
    let mut world = World::new();
    let id = world.submit();
    world
        .store()
        .finish(
            &world.claim(),
            Event::Succeeded,
            vec![],
            vec![ALL_DONE],
            None,
        )
        .unwrap();
    let first = world.store().due_deliveries(10).unwrap().remove(0);
    assert_eq!(
        (first.job, first.attempts, first.state),
        (id, 0, DeliveryState::Due { at: START })
    );

    let later = START.plus(MINUTE);
    world
        .store()
        .delivery_failed(first.id, "500".to_owned(), Some(later))
        .unwrap();
    world.reopen();
    assert_eq!(world.store().due_deliveries(10).unwrap(), []);
    assert_eq!(world.store().next_wakeup().unwrap(), Some(later));
    assert_eq!(
        world.store().counts().unwrap(),
        Counts {
            completed: 1,
            deliveries_due: 1,
            ..Counts::default()
        }
    );

    world.clock.set(later);
    let again = world.store().due_deliveries(10).unwrap().remove(0);
    assert_eq!(
        (again.id, again.attempts, again.last_error.as_deref()),
        (first.id, 1, Some("500"))
    );
    world.store().delivered(again.id).unwrap();
    world.reopen();
    assert_eq!(world.store().due_deliveries(10).unwrap(), []);
    assert_eq!(
        world.deliveries(id)[0].state,
        DeliveryState::Delivered { at: later }
    );

    // A failure that is reported late does not undo it.
    world
        .store()
        .delivery_failed(first.id, "too late".to_owned(), Some(later))
        .unwrap();
    assert_eq!(
        world.deliveries(id)[0].state,
        DeliveryState::Delivered { at: later }
    );
    assert_eq!(first.id.to_string().parse(), Ok(first.id));
}

#[test]
fn deliveries_come_longest_due_first() {
    let world = World::new();
    let ids: Vec<_> = (0..3)
        .map(|_| {
            world.clock.advance(SECOND);
            let id = world.submit();
            world.store().cancel(id, vec![ALL_DONE]).unwrap();
            id
        })
        .collect();
    let oldest = world.deliveries(ids[0])[0].id;
    world
        .store()
        .delivery_failed(oldest, "busy".to_owned(), Some(world.clock.now()))
        .unwrap();
    let due: Vec<_> = world
        .store()
        .due_deliveries(2)
        .unwrap()
        .iter()
        .map(|delivery| delivery.job)
        .collect();
    assert_eq!(due, [ids[1], ids[0]]);
}

#[test]
fn objects_are_known_across_restarts() {
    let mut world = World::new();
    let object = StoredObject {
        hash: "FgXnBxUvfG5iLMtIVIqPNi3aq5Gf".to_owned(),
        size: 1 << 40,
        mime: Some("video/mp4".to_owned()),
        modified: START,
        stored: START,
        expires: None,
    };
    world
        .store()
        .put_object("bucket:a/b.mp4", object.clone())
        .unwrap();
    world
        .store()
        .put_object("bucket:a/c.mp4", object.clone())
        .unwrap();
    let newer = StoredObject {
        size: 7,
        expires: Some(START.plus(MINUTE)),
        ..object.clone()
    };
    world
        .store()
        .put_object("bucket:a/b.mp4", newer.clone())
        .unwrap();
    world.store().remove_object("bucket:a/c.mp4").unwrap();
    world.store().remove_object("bucket:never").unwrap();
    world.reopen();
    assert_eq!(world.store().object("bucket:a/b.mp4").unwrap(), Some(newer));
    assert_eq!(world.store().object("bucket:a/c.mp4").unwrap(), None);
}

/// Where everything stands, by state; before and after a restart.
#[test]
fn counts_tell_where_jobs_stand() {
    let mut world = World::new();
    let later = || NewJob {
        due: Some(START.plus(MINUTE)),
        ..NewJob::default()
    };
    world.completed();
    world.submit();
    world.finish(&world.claim(), Event::Failed(opmill_store::Next::GiveUp));
    world.submit();
    world.finish(
        &world.claim(),
        Event::Failed(opmill_store::Next::RetryAt(START.plus(MINUTE))),
    );
    let cancelled = world.submit();
    world.store().cancel(cancelled, vec![ALL_DONE]).unwrap();
    world.store().enqueue_all(vec![later(), later()]).unwrap();
    world.submit();
    world.claim();
    world.submit();
    let counts = Counts {
        scheduled: 2,
        available: 1,
        running: 1,
        retryable: 1,
        completed: 1,
        cancelled: 1,
        discarded: 1,
        deliveries_due: 1,
    };
    assert_eq!(world.store().counts().unwrap(), counts);
    world.reopen();
    assert_eq!(
        world.store().counts().unwrap(),
        Counts {
            available: 2,
            running: 0,
            ..counts
        }
    );
}

/// Should sled move a page to a file of its own, which it does not sync, that file is synced before the log that
/// points to it; once.
#[test]
fn a_page_in_a_file_of_its_own_is_synced_before_the_log() {
    let dir = directory();
    let synced = Arc::new(Mutex::new(Vec::new()));
    let log = synced.clone();
    let sync = Arc::new(move |path: &Path, file: &File| {
        log.lock().unwrap().push(path.to_owned());
        file.sync_data()
    });
    let options = Options {
        sync,
        ..ManualClock::new().options()
    };
    let store = Store::open(dir.path(), options).unwrap();
    let (page, db) = (dir.path().join("blobs/7"), dir.path().join("db"));
    std::fs::write(&page, b"a page").unwrap();

    synced.lock().unwrap().clear();
    store.enqueue(NewJob::default()).unwrap();
    store.enqueue(NewJob::default()).unwrap();
    assert_eq!(*synced.lock().unwrap(), [page, db.clone(), db]);
}
