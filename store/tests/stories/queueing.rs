//! Handing in, order, retries: the way to a worker and back.

use opmill_store::{Event, JobState, NewJob, Next, Priority, Promotion, StoreError};

use crate::common::{ALL_DONE, LEASE, MINUTE, SECOND, START, World, done};

/// A job is handed in, claimed, its commands recorded one by one, and finished.
#[test]
fn a_job_from_submission_to_completion() {
    let world = World::new();
    let spec = r#"{"ops":"avthumb/mp4"}"#.to_owned();
    let id = world.submit_with(NewJob {
        spec: spec.clone(),
        ..NewJob::default()
    });
    assert_eq!(world.state(id), JobState::Available);

    let (lease, job) = world.try_claim().unwrap();
    assert_eq!(
        (lease.job, lease.fence, lease.expires),
        (id, 1, START.plus(LEASE))
    );
    assert_eq!(
        (job.id, &job.spec, job.attempts, job.commands),
        (id, &spec, 1, 2)
    );
    assert_eq!(job.state, JobState::Running(lease.clone()));
    assert_eq!(world.try_claim(), None, "one job, one lease");

    world.clock.advance(SECOND);
    world.store().record_item(&lease, done(0), None).unwrap();
    world.clock.advance(SECOND);
    let state = world
        .store()
        .finish(
            &lease,
            Event::Succeeded,
            vec![done(1)],
            vec![ALL_DONE],
            None,
        )
        .unwrap();
    assert_eq!(state, JobState::Completed);

    let job = world.job(id);
    assert_eq!(job.finished, Some(START.plus(2 * SECOND)));
    assert_eq!(
        (job.submitted, job.updated, job.spec),
        (START, START.plus(2 * SECOND), spec)
    );
    let items = world.items(id);
    assert_eq!(
        items
            .iter()
            .map(|item| (item.index.0, item.attempt))
            .collect::<Vec<_>>(),
        [(0, 1), (1, 1)]
    );
    assert_eq!(items[0].recorded, START.plus(SECOND));
    assert_eq!(items[0].body, done(0).body);
}

#[test]
fn the_same_idempotency_key_gives_the_same_job() {
    let mut world = World::new();
    let keyed = || NewJob {
        idempotency_key: Some("upload-7".to_owned()),
        ..NewJob::default()
    };
    let first = world.store().enqueue(keyed()).unwrap();
    let again = world.store().enqueue(keyed()).unwrap();
    assert_eq!(
        (first.existing, again.existing, again.id),
        (false, true, first.id)
    );
    assert_eq!(world.store().find("upload-7").unwrap(), Some(first.id));
    assert_eq!(world.store().find("upload-8").unwrap(), None);

    world.finish(&world.claim(), Event::Succeeded);
    let after_restart = world.reopen().enqueue(keyed()).unwrap();
    assert_eq!((after_restart.existing, after_restart.id), (true, first.id));
    assert_eq!(world.store().counts().unwrap().completed, 1);
}

/// Several jobs in one commit: all are there, a key that occurs twice makes one job, and it costs one sync.
#[test]
fn a_batch_is_one_commit() {
    let world = World::new();
    let before = world.store().syncs();
    let keyed = |key: &str| NewJob {
        idempotency_key: Some(key.to_owned()),
        ..NewJob::default()
    };
    let batch = vec![keyed("a"), keyed("b"), keyed("a"), NewJob::default()];
    let enqueued = world.store().enqueue_all(batch).unwrap();
    assert_eq!(world.store().syncs() - before, 1);
    assert_eq!(
        enqueued.iter().map(|e| e.existing).collect::<Vec<_>>(),
        [false, false, true, false]
    );
    assert_eq!(enqueued[0].id, enqueued[2].id);
    assert_eq!(world.store().counts().unwrap().available, 3);
}

/// By priority, then by the time they were due, then first come, first served; also across a restart.
#[test]
fn jobs_are_claimed_in_order() {
    let mut world = World::new();
    let job = |rank: u8, due| NewJob {
        priority: Priority::new(rank),
        due,
        ..NewJob::default()
    };
    let first_of_equals = world.submit_with(job(100, None));
    let second_of_equals = world.submit_with(job(100, None));
    let due_earlier = world.submit_with(job(
        100,
        Some(opmill_store::UnixMillis::new(START.get() - 1)),
    ));
    let last = world.submit_with(job(255, None));
    let urgent = world.submit_with(job(0, None));
    world.reopen();
    let third_of_equals = world.submit_with(job(100, None));

    let claimed: Vec<_> = std::iter::from_fn(|| world.try_claim())
        .map(|(lease, _)| lease.job)
        .collect();
    let expected = [
        urgent,
        due_earlier,
        first_of_equals,
        second_of_equals,
        third_of_equals,
        last,
    ];
    assert_eq!(claimed, expected);
    let listed: Vec<_> = world
        .store()
        .jobs(None, 10)
        .unwrap()
        .into_iter()
        .map(|job| job.id)
        .collect();
    assert_eq!(
        listed,
        [
            first_of_equals,
            second_of_equals,
            due_earlier,
            last,
            urgent,
            third_of_equals
        ]
    );
    let page: Vec<_> = world
        .store()
        .jobs(Some(due_earlier), 2)
        .unwrap()
        .into_iter()
        .map(|job| job.id)
        .collect();
    assert_eq!(page, [last, urgent]);
}

/// First come, first served holds when the clock goes back between two submissions.
#[test]
fn a_clock_that_goes_back_does_not_turn_the_list_round() {
    let world = World::new();
    let first = world.submit();
    world
        .clock
        .set(opmill_store::UnixMillis::new(START.get() - 3_600_000));
    let second = world.submit();
    assert!(first < second);
}

#[test]
fn a_scheduled_job_waits_for_its_time() {
    let world = World::new();
    let at = START.plus(MINUTE);
    let id = world.submit_with(NewJob {
        due: Some(at),
        ..NewJob::default()
    });
    assert_eq!(world.state(id), JobState::Scheduled { at });
    assert_eq!(
        world.store().promote().unwrap(),
        Promotion {
            promoted: 0,
            next_due: Some(at)
        }
    );
    assert_eq!(world.store().next_wakeup().unwrap(), Some(at));
    assert_eq!(world.try_claim(), None);

    world.clock.set(at);
    assert_eq!(
        world.store().promote().unwrap(),
        Promotion {
            promoted: 1,
            next_due: None
        }
    );
    assert_eq!(world.claim().job, id);
}

/// An attempt fails; the next one comes when the clock says so, and knows what happened.
#[test]
fn a_failed_attempt_is_retried_when_its_time_comes() {
    let mut world = World::new();
    let id = world.submit();
    let lease = world.claim();
    world.store().record_item(&lease, done(0), None).unwrap();
    let at = START.plus(MINUTE);
    let failed = Event::Failed(Next::RetryAt(at));
    let state = world
        .store()
        .finish(
            &lease,
            failed,
            vec![],
            vec![],
            Some("storage is away".into()),
        )
        .unwrap();
    assert_eq!(state, JobState::Retryable { at });

    world.reopen();
    assert_eq!(
        world.store().promote().unwrap(),
        Promotion {
            promoted: 0,
            next_due: Some(at)
        }
    );
    world.clock.advance(MINUTE);
    assert_eq!(world.store().promote().unwrap().promoted, 1);
    let (lease, job) = world.try_claim().unwrap();
    assert_eq!((job.attempts, lease.fence), (2, 2));
    assert_eq!(job.last_error.as_deref(), Some("storage is away"));
    assert_eq!(
        world.items(id).len(),
        1,
        "what is recorded need not run again"
    );

    assert_eq!(
        world.finish(&lease, Event::Failed(Next::GiveUp)),
        JobState::Discarded
    );
}

/// A shutdown is not the job's fault: the attempt does not count, and the job keeps its place.
#[test]
fn an_interrupted_attempt_is_given_back() {
    let world = World::new();
    let (first, second) = (world.submit(), world.submit());
    let lease = world.claim();
    assert_eq!(
        world.finish(&lease, Event::Interrupted),
        JobState::Available
    );
    assert_eq!(world.job(first).attempts, 0);
    let (again, job) = world.try_claim().unwrap();
    assert_eq!((again.job, again.fence, job.attempts), (first, 2, 1));
    assert_eq!(world.claim().job, second);
}

/// More jobs come due at once than one transaction takes.
#[test]
fn a_thousand_jobs_come_due_together() {
    let world = World::new();
    let scheduled = NewJob {
        due: Some(START.plus(MINUTE)),
        ..NewJob::default()
    };
    world.store().enqueue_all(vec![scheduled; 1000]).unwrap();
    assert_eq!(world.store().counts().unwrap().scheduled, 1000);
    world.clock.advance(MINUTE);
    assert_eq!(
        world.store().promote().unwrap(),
        Promotion {
            promoted: 1000,
            next_due: None
        }
    );
    assert_eq!(world.store().counts().unwrap().available, 1000);
}

#[test]
fn what_is_too_long_is_refused_by_name() {
    let world = World::new();
    let long = |bytes| "x".repeat(bytes);
    let rows = [
        (
            "spec",
            NewJob {
                spec: long((4 << 20) + 1),
                ..NewJob::default()
            },
        ),
        (
            "key",
            NewJob {
                idempotency_key: Some(long(1025)),
                ..NewJob::default()
            },
        ),
    ];
    for (name, job) in rows {
        let refused = world.store().enqueue_all(vec![NewJob::default(), job]);
        assert!(
            matches!(refused, Err(StoreError::TooLarge { what, .. }) if what.contains(name)),
            "{name}"
        );
    }
    assert_eq!(
        world.store().counts().unwrap().available,
        0,
        "a batch is kept whole or not at all"
    );
}

/// Long texts are cut in parts on disk, and come back whole. sled's `blobs/`, which it never syncs, stays empty.
#[test]
fn long_texts_come_back_whole() {
    let mut world = World::new();
    let long = |n: usize| format!("{n}:{}", "\"é\n".repeat(n));
    let ids: Vec<_> = (0..40)
        .map(|n| {
            world.submit_with(NewJob {
                spec: long(n * 700),
                ..NewJob::default()
            })
        })
        .collect();
    let lease = world.claim();
    let big = opmill_store::NewItem {
        body: long(300_000),
        ..done(0)
    };
    world
        .store()
        .record_item(&lease, big.clone(), None)
        .unwrap();
    world.store().record_item(&lease, done(1), None).unwrap();
    world.reopen();
    for (n, id) in ids.iter().enumerate() {
        assert_eq!(world.job(*id).spec, long(n * 700));
    }
    let items = world.items(lease.job);
    assert_eq!((&items[0].body, &items[1].body), (&big.body, &done(1).body));
    assert_eq!(
        std::fs::read_dir(world.dir().join("blobs"))
            .unwrap()
            .count(),
        0
    );
}
