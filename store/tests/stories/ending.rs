//! Calling off, running again, forgetting.

use opmill_store::{
    CancelOutcome, DeliveryState, Event, ItemIndex, JobState, NewJob, Next, StoreError, Verdict,
};

use crate::common::{ALL_DONE, LEASE, MINUTE, SECOND, START, World, done};

/// Nobody runs it: cancelled at once, whichever way it was waiting, and the notification is owed.
#[test]
fn a_waiting_job_is_cancelled_at_once() {
    let world = World::new();
    let retryable = world.submit();
    world.finish(
        &world.claim(),
        Event::Failed(Next::RetryAt(START.plus(MINUTE))),
    );
    let scheduled = world.submit_with(NewJob {
        due: Some(START.plus(MINUTE)),
        ..NewJob::default()
    });
    let available = world.submit();
    for id in [retryable, scheduled, available] {
        assert_eq!(
            world.store().cancel(id, vec![ALL_DONE]).unwrap(),
            CancelOutcome::Cancelled
        );
        assert_eq!(
            (world.state(id), world.job(id).finished),
            (JobState::Cancelled, Some(START))
        );
        assert_eq!(world.deliveries(id).len(), 1);
        let again = world.store().cancel(id, vec![ALL_DONE]).unwrap();
        assert_eq!(again, CancelOutcome::AlreadyFinal(JobState::Cancelled));
        assert_eq!(world.deliveries(id).len(), 1, "a second wish owes nothing");
    }
    world.clock.advance(MINUTE);
    assert_eq!(world.store().promote().unwrap().promoted, 0);
    assert_eq!(world.try_claim(), None);
}

/// Someone runs it: the worker hears at its next heartbeat, and says how it ended.
#[test]
fn a_running_job_is_asked_to_stop() {
    let mut world = World::new();
    let id = world.submit();
    let lease = world.claim();
    assert_eq!(
        world.store().cancel(id, vec![ALL_DONE]).unwrap(),
        CancelOutcome::Requested
    );
    assert_eq!(
        world.store().cancel(id, vec![]).unwrap(),
        CancelOutcome::Requested
    );
    assert!(world.job(id).cancel_requested);
    assert_eq!(
        world.deliveries(id).len(),
        0,
        "what is owed is the worker's to say"
    );
    assert!(
        matches!(world.store().heartbeat(&lease, LEASE), Ok(Verdict::CancelRequested(held)) if held.fence == 1)
    );
    assert_eq!(
        world
            .store()
            .finish(&lease, Event::Cancelled, vec![], vec![ALL_DONE], None)
            .unwrap(),
        JobState::Cancelled
    );
    assert_eq!(world.deliveries(id).len(), 1);

    // The wish outlives the worker it was meant for.
    let id = world.submit();
    world.claim();
    world.store().cancel(id, vec![]).unwrap();
    world.reopen();
    let (lease, job) = world.try_claim().unwrap();
    assert!(job.id == id && job.cancel_requested);
    assert!(matches!(
        world.store().heartbeat(&lease, LEASE),
        Ok(Verdict::CancelRequested(_))
    ));
}

/// A final job runs again for the commands whose results are dropped.
#[test]
fn a_redriven_job_runs_what_failed() {
    let world = World::new();
    let id = world.submit();
    let lease = world.claim();
    let events = Event::Failed(Next::GiveUp);
    world
        .store()
        .finish(
            &lease,
            events,
            vec![done(0), done(1)],
            vec![],
            Some("no".into()),
        )
        .unwrap();
    world.clock.advance(SECOND);
    let waiting = world.submit();
    assert_eq!(
        world
            .store()
            .redrive(id, &[ItemIndex(1), ItemIndex(7)])
            .unwrap(),
        JobState::Available
    );

    let job = world.job(id);
    assert_eq!(
        (job.attempts, job.finished, job.cancel_requested),
        (0, None, false)
    );
    assert_eq!(
        world
            .items(id)
            .iter()
            .map(|item| item.index.0)
            .collect::<Vec<_>>(),
        [0]
    );
    let in_progress = world.store().redrive(id, &[ItemIndex(0)]);
    assert!(matches!(in_progress, Err(StoreError::Illegal(_))));
    assert_eq!(world.items(id).len(), 1, "a refused redrive drops nothing");

    let (first, second) = (world.claim(), world.claim());
    assert_eq!(
        (first.job, second.job, second.fence),
        (id, waiting, 1),
        "first of those due at the same time: it came first"
    );
    world.store().record_item(&first, done(1), None).unwrap();
    assert_eq!(world.finish(&first, Event::Succeeded), JobState::Completed);
}

/// Retention: ended long enough ago, nothing owed any more: gone with everything that is theirs.
#[test]
fn old_jobs_are_pruned_with_all_they_own() {
    let mut world = World::new();
    let keyed = NewJob {
        idempotency_key: Some("k".to_owned()),
        spec: "s".repeat(9000),
        ..NewJob::default()
    };
    let old = world.submit_with(keyed.clone());
    let owing = world.submit();
    for _ in 0..2 {
        world
            .store()
            .finish(
                &world.claim(),
                Event::Succeeded,
                vec![done(0)],
                vec![ALL_DONE],
                None,
            )
            .unwrap();
    }
    let delivery = world.deliveries(old)[0].id;
    world.store().delivered(delivery).unwrap();
    world.clock.advance(MINUTE);
    let recent = world.completed();
    let waiting = world.submit();

    let before = world.clock.now();
    assert_eq!(
        world.store().prune(START, 10).unwrap(),
        0,
        "not before its time"
    );
    assert_eq!(world.store().prune(before, 10).unwrap(), 1);
    assert_eq!(world.store().job(old).unwrap(), None);
    assert_eq!((world.items(old), world.deliveries(old)), (vec![], vec![]));
    assert_eq!(world.store().find("k").unwrap(), None);
    for kept in [owing, recent, waiting] {
        assert!(world.store().job(kept).unwrap().is_some());
    }
    assert!(
        matches!(world.store().delivered(delivery), Err(StoreError::NoSuchDelivery { id }) if id == delivery)
    );
    assert!(
        matches!(world.store().redrive(old, &[]), Err(StoreError::NotFound { job }) if job == old)
    );

    // Given up counts as no longer owed; the key is free again; ids of deliveries are not used twice.
    let owed = world.deliveries(owing)[0].id;
    world
        .store()
        .delivery_failed(owed, "never answered".to_owned(), None)
        .unwrap();
    assert_eq!(world.store().prune(before, 10).unwrap(), 1);
    world.reopen();
    let fresh = world.store().enqueue(keyed).unwrap();
    assert!(!fresh.existing && fresh.id > old);
    world.store().cancel(fresh.id, vec![ALL_DONE]).unwrap();
    assert!(world.deliveries(fresh.id)[0].id > owed);
    assert!(matches!(
        world.deliveries(fresh.id)[0].state,
        DeliveryState::Due { .. }
    ));
}

#[test]
fn pruning_takes_the_oldest_first_and_keeps_to_its_limit() {
    let world = World::new();
    let ids: Vec<_> = (0..5)
        .map(|_| {
            world.clock.advance(SECOND);
            world.completed()
        })
        .collect();
    assert_eq!(
        world
            .store()
            .prune(world.clock.now().plus(SECOND), 2)
            .unwrap(),
        2
    );
    let left: Vec<_> = world
        .store()
        .jobs(None, 10)
        .unwrap()
        .into_iter()
        .map(|job| job.id)
        .collect();
    assert_eq!(left, ids[2..]);
}

/// Retention by number and by bytes asks how many have to go; pruning then takes the oldest.
#[test]
fn what_is_over_the_limits_is_counted_from_the_oldest() {
    let world = World::new();
    let finished: Vec<_> = (0..5)
        .map(|_| {
            let id = world.submit_with(NewJob {
                spec: "x".repeat(1000),
                ..NewJob::default()
            });
            world.finish(&world.claim(), Event::Succeeded);
            world.clock.advance(SECOND);
            id
        })
        .collect();
    world.submit();
    let excess = |count, bytes| world.store().excess(count, bytes).unwrap();
    assert_eq!(excess(None, None), 0);
    assert_eq!(excess(Some(5), None), 0);
    assert_eq!(excess(Some(2), None), 3);
    assert_eq!(excess(None, Some(10_000)), 0);
    assert_eq!(excess(None, Some(3_500)), 2);
    assert_eq!(excess(Some(4), Some(0)), 5);
    let now = world.clock.now();
    assert_eq!(world.store().prune(now, 3).unwrap(), 3);
    let left = |id: &opmill_store::JobId| world.store().job(*id).unwrap().is_some();
    assert_eq!(
        finished.iter().map(left).collect::<Vec<_>>(),
        [false, false, false, true, true]
    );
}
