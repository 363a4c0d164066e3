//! One live lease at most: silent workers, late workers, publications.

use std::sync::mpsc;
use std::thread;

use opmill_store::{
    CancelOutcome, Event, JobId, JobState, Lease, NewJob, Rescued, StoreError, Verdict,
};

use crate::common::{ALL_DONE, LEASE, SECOND, START, World, done};

/// A worker falls silent; its job is taken back, and another one gets it under a higher fence.
fn a_job_that_changed_hands(world: &World) -> (JobId, Lease, Lease) {
    let id = world.submit();
    let stale = world.claim();
    world.clock.advance(LEASE);
    assert_eq!(
        world.store().rescue().unwrap(),
        Rescued {
            jobs: vec![id],
            next_expiry: None
        }
    );
    let current = world.claim();
    assert!(current.fence > stale.fence);
    (id, stale, current)
}

fn lost<T: std::fmt::Debug>(outcome: Result<T, StoreError>, lease: &Lease) {
    match outcome {
        Err(StoreError::LeaseLost { job, fence }) => {
            assert_eq!((job, fence), (lease.job, lease.fence))
        }
        other => panic!("expected LeaseLost, got {other:?}"),
    }
}

#[test]
fn a_stale_worker_can_neither_record_nor_publish_nor_finish() {
    let world = World::new();
    let (id, stale, current) = a_job_that_changed_hands(&world);
    let store = world.store();
    lost(store.heartbeat(&stale, LEASE), &stale);
    lost(store.record_item(&stale, done(0), Some(ALL_DONE)), &stale);
    lost(
        store.finish(
            &stale,
            Event::Succeeded,
            vec![done(0)],
            vec![ALL_DONE],
            None,
        ),
        &stale,
    );
    lost(
        store.while_held(&stale, || panic!("published under a lost lease")),
        &stale,
    );

    let job = world.job(id);
    assert_eq!(
        (job.state, job.rescues, job.attempts),
        (JobState::Running(current.clone()), 1, 2)
    );
    assert_eq!(
        (world.items(id), world.deliveries(id)),
        (vec![], vec![]),
        "nothing of the refused writes is kept"
    );
    store.record_item(&current, done(0), None).unwrap();
}

/// Nor after the attempt ended properly.
#[test]
fn a_lease_ends_with_its_attempt() {
    let world = World::new();
    world.submit();
    let lease = world.claim();
    world.finish(&lease, Event::Succeeded);
    lost(
        world
            .store()
            .finish(&lease, Event::Interrupted, vec![], vec![], None),
        &lease,
    );
    lost(world.store().heartbeat(&lease, LEASE), &lease);
}

#[test]
fn heartbeats_keep_a_lease_alive() {
    let world = World::new();
    let id = world.submit();
    let lease = world.claim();
    for _ in 0..3 {
        world.clock.advance(LEASE - SECOND);
        let expires = world.clock.now().plus(LEASE);
        let verdict = world.store().heartbeat(&lease, LEASE).unwrap();
        assert_eq!(
            verdict,
            Verdict::Held(Lease {
                expires,
                ..lease.clone()
            })
        );
        assert_eq!(
            world.store().rescue().unwrap(),
            Rescued {
                jobs: vec![],
                next_expiry: Some(expires)
            }
        );
        assert_eq!(world.store().next_wakeup().unwrap(), Some(expires));
        assert_eq!(
            world.state(id),
            JobState::Running(Lease {
                expires,
                ..lease.clone()
            })
        );
    }
    assert_eq!(world.finish(&lease, Event::Succeeded), JobState::Completed);
}

/// Late, but nobody took the job back yet: the lease is held on. Taken back: it stays lost.
#[test]
fn a_late_heartbeat_is_in_time_until_the_rescue() {
    let world = World::new();
    world.submit();
    let lease = world.claim();
    world.clock.advance(2 * LEASE);
    assert!(matches!(
        world.store().heartbeat(&lease, LEASE),
        Ok(Verdict::Held(_))
    ));
    assert!(world.store().rescue().unwrap().jobs.is_empty());

    world.clock.advance(2 * LEASE);
    assert_eq!(world.store().rescue().unwrap().jobs, [lease.job]);
    lost(world.store().heartbeat(&lease, LEASE), &lease);
    assert_eq!(world.state(lease.job), JobState::Available);
}

#[test]
fn heartbeats_cost_no_sync() {
    let world = World::new();
    world.submit();
    let lease = world.claim();
    let before = world.store().syncs();
    for _ in 0..10 {
        world.store().heartbeat(&lease, LEASE).unwrap();
    }
    world.store().promote().unwrap();
    world.store().rescue().unwrap();
    assert_eq!(world.store().syncs(), before);
}

#[test]
fn three_hundred_silent_workers_are_noticed() {
    let world = World::new();
    let ids = world
        .store()
        .enqueue_all(vec![NewJob::default(); 300])
        .unwrap();
    for _ in &ids {
        world.claim();
    }
    assert_eq!(world.store().counts().unwrap().running, 300);
    world.clock.advance(LEASE);
    assert_eq!(world.store().rescue().unwrap().jobs.len(), 300);
    assert_eq!(world.store().counts().unwrap().available, 300);
}

#[test]
fn a_result_is_recorded_once() {
    let world = World::new();
    let id = world.submit();
    let lease = world.claim();
    world
        .store()
        .record_item(&lease, done(0), Some(ALL_DONE))
        .unwrap();
    let other = opmill_store::NewItem {
        body: "another".to_owned(),
        ..done(0)
    };
    let again = world
        .store()
        .record_item(&lease, other.clone(), Some(ALL_DONE));
    assert!(
        matches!(again, Err(StoreError::AlreadyRecorded { job, index }) if job == id && index.0 == 0)
    );
    let last = world
        .store()
        .finish(&lease, Event::Succeeded, vec![other], vec![ALL_DONE], None);
    assert!(matches!(last, Err(StoreError::AlreadyRecorded { .. })));

    assert_eq!(world.items(id)[0].body, done(0).body);
    assert_eq!(world.deliveries(id).len(), 1);
    assert_eq!(world.state(id), JobState::Running(lease));
}

/// While an output is being published its lease cannot end, however late it is; the moment after, it can.
#[test]
fn a_publication_holds_its_lease() {
    let world = World::new();
    let id = world.submit();
    let lease = world.claim();
    world.clock.advance(2 * LEASE);
    let other = world.submit();
    let published = world.store().while_held(&lease, || {
        assert_eq!(
            world.store().rescue().unwrap(),
            Rescued {
                jobs: vec![],
                next_expiry: None
            }
        );
        assert_eq!(
            world.store().next_wakeup().unwrap(),
            None,
            "nothing to wake up for"
        );
        assert_eq!(
            world.store().cancel(id, vec![ALL_DONE]).unwrap(),
            CancelOutcome::Requested
        );
        assert_eq!(
            world.claim().job,
            other,
            "another job can be claimed, this one cannot"
        );
        assert!(matches!(world.state(id), JobState::Running(held) if held.fence == lease.fence));
        "published"
    });
    assert_eq!(published.unwrap(), "published");
    assert_eq!(world.store().rescue().unwrap().jobs, [id]);
}

/// Whoever ends an attempt waits for the publications under its lease.
#[test]
fn an_attempt_ends_after_its_publications() {
    let world = World::new();
    world.submit();
    let lease = world.claim();
    let (started, has_started) = mpsc::channel();
    let (report, events) = mpsc::channel();
    thread::scope(|scope| {
        // In here, so that a failed assertion lets the publisher go.
        let (proceed, may_proceed) = mpsc::channel();
        let (world, lease) = (&world, &lease);
        let publisher = report.clone();
        scope.spawn(move || {
            let published = world.store().while_held(lease, || {
                started.send(()).unwrap();
                may_proceed.recv().unwrap();
                publisher.send("published").unwrap();
            });
            published.unwrap();
        });
        has_started.recv().unwrap();
        let (ending, is_ending) = mpsc::channel();
        scope.spawn(move || {
            ending.send(()).unwrap();
            world.finish(lease, Event::Interrupted);
            report.send("finished").unwrap();
        });
        is_ending.recv().unwrap();
        // Time enough to finish, measured in what it has to do: others get their writes through meanwhile.
        for _ in 0..30 {
            world.submit();
        }
        assert_eq!(events.try_recv(), Err(mpsc::TryRecvError::Empty));
        proceed.send(()).unwrap();
        assert_eq!(
            events.iter().take(2).collect::<Vec<_>>(),
            ["published", "finished"]
        );
    });
}

#[test]
fn a_publication_cannot_end_its_own_attempt() {
    let world = World::new();
    let id = world.submit();
    let lease = world.claim();
    let finish = || {
        world
            .store()
            .finish(&lease, Event::Succeeded, vec![], vec![], None)
    };
    let inside = world.store().while_held(&lease, finish).unwrap();
    assert!(matches!(inside, Err(StoreError::Publishing { job }) if job == id));
    assert_eq!(finish().unwrap(), JobState::Completed);
}

#[test]
fn a_publication_that_panics_lets_go() {
    let world = World::new();
    let id = world.submit();
    let lease = world.claim();
    let publish = || {
        world
            .store()
            .while_held(&lease, || panic!("the disk is full"))
    };
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(publish)).unwrap_err();
    world.clock.advance(LEASE);
    assert_eq!(world.store().rescue().unwrap().jobs, [id]);
}

/// What a worker may not say: these events are not the attempt's to report.
#[test]
fn an_attempt_ends_only_as_attempts_do() {
    let world = World::new();
    let id = world.submit();
    let lease = world.claim();
    for event in [
        Event::CameDue,
        Event::Claimed(lease.clone()),
        Event::Rescued,
        Event::Redriven,
    ] {
        let refused = world
            .store()
            .finish(&lease, event.clone(), vec![], vec![], None);
        assert!(matches!(refused, Err(StoreError::Illegal(illegal)) if illegal.event == event));
    }
    assert_eq!(world.state(id), JobState::Running(lease.clone()));
    assert_eq!(lease.expires, START.plus(LEASE));
}
