//! What went wrong with a job is kept: who was lost with which commands, what failed and why, and who tried again.

use opmill_store::{Event, Happened, ItemIndex, JobState, Mishap, NewJob, Next, StoreError};

use crate::common::{LEASE, SECOND, START, World, done};

fn indices(numbers: &[u32]) -> Vec<ItemIndex> {
    numbers.iter().copied().map(ItemIndex).collect()
}

fn mishap(index: u32, cause: &str, lost: bool) -> Mishap {
    Mishap {
        index: ItemIndex(index),
        cause: cause.to_owned(),
        error: format!("{cause}!"),
        lost,
    }
}

#[test]
fn a_worker_that_dies_leaves_the_evidence() {
    let mut world = World::new();
    let job = world.submit_with(NewJob::default());
    let lease = world.claim();
    world.store().record_item(&lease, done(0), None).unwrap();
    world.clock.advance(SECOND);
    let history = world.reopen().history(job).unwrap();
    assert_eq!(history.events.len(), 1);
    let lost = &history.events[0];
    assert_eq!(
        (lost.fence, lost.attempt, lost.at),
        (lease.fence, 1, START.plus(SECOND))
    );
    assert_eq!(lost.commands, indices(&[1]), "those without a result");
    let Happened::Lost {
        worker,
        began,
        started,
    } = &lost.what
    else {
        panic!("{lost:?}")
    };
    assert_eq!((worker.as_str(), *began), ("worker", START));
    assert_eq!(*started, indices(&[1]));
    assert!(history.of(ItemIndex(0)).is_none(), "nothing happened to it");
    let trial = history.of(ItemIndex(1)).unwrap();
    assert_eq!(
        (trial.attempts, trial.losses, trial.cause.as_str()),
        (1, 1, "worker-lost")
    );
}

#[test]
fn only_the_commands_that_were_begun_are_suspected() {
    let world = World::new();
    let job = world.submit_with(NewJob::default());
    let lease = world.claim();
    world.store().begin(&lease, indices(&[1])).unwrap();
    // A heartbeat that tells of progress does not forget what was begun.
    let progress = Some("{}".to_owned());
    world
        .store()
        .heartbeat_with(&lease, LEASE, progress)
        .unwrap();
    world.clock.advance(LEASE);
    assert_eq!(world.store().rescue().unwrap().jobs, [job]);
    let history = world.store().history(job).unwrap();
    assert!(history.of(ItemIndex(0)).is_none());
    assert_eq!(history.of(ItemIndex(1)).unwrap().losses, 1);
    assert_eq!(
        history.events[0].commands,
        indices(&[0, 1]),
        "neither had a result"
    );
    let stale = world.store().begin(&lease, indices(&[0]));
    assert!(
        matches!(stale, Err(StoreError::LeaseLost { .. })),
        "{stale:?}"
    );

    // What the attempt before began says nothing of this one.
    world.claim();
    world.clock.advance(LEASE);
    world.store().rescue().unwrap();
    let history = world.store().history(job).unwrap();
    let losses = [0, 1].map(|index| history.of(ItemIndex(index)).unwrap().losses);
    assert_eq!(losses, [1, 2]);
}

#[test]
fn failures_are_counted_for_each_command_and_a_redrive_keeps_them() {
    let mut world = World::new();
    let job = world.submit_with(NewJob::default());
    for next in [Next::RetryAt(START), Next::GiveUp] {
        world.store().promote().unwrap();
        let lease = world.claim();
        let mishaps = vec![mishap(0, "storage", false), mishap(1, "watchdog", true)];
        let finished =
            world
                .store()
                .finish_with(&lease, Event::Failed(next), vec![], vec![], None, mishaps);
        finished.unwrap();
    }
    let history = world.store().history(job).unwrap();
    let [first, second] = &history.commands[..] else {
        panic!("{history:?}")
    };
    assert_eq!(
        (first.attempts, first.losses, first.error.as_str()),
        (2, 0, "storage!")
    );
    assert_eq!(
        (second.attempts, second.losses, second.cause.as_str()),
        (2, 2, "watchdog")
    );
    let failed = Happened::Failed {
        cause: "storage".to_owned(),
        error: "storage!".to_owned(),
    };
    assert!(history.events.iter().all(|past| past.what == failed));

    assert_eq!(
        world.store().redrive(job, &[]).unwrap(),
        JobState::Available
    );
    let history = world.reopen().history(job).unwrap();
    assert_eq!(history.events.len(), 3);
    assert_eq!(history.events[2].what, Happened::Redriven);
    assert_eq!(history.events[2].commands, indices(&[0, 1]));
    let second = history.of(ItemIndex(1)).unwrap();
    assert_eq!(
        (second.attempts, second.losses),
        (2, 0),
        "another chance, with its past"
    );
}

#[test]
fn a_result_that_is_dropped_was_an_attempt() {
    let world = World::new();
    let job = world.submit_with(NewJob::default());
    let lease = world.claim();
    let results = vec![done(0), done(1)];
    world
        .store()
        .finish(&lease, Event::Succeeded, results, vec![], None)
        .unwrap();
    let past = [mishap(1, "decode", false)];
    world
        .store()
        .redrive_with(job, &indices(&[1]), &past)
        .unwrap();
    let history = world.store().history(job).unwrap();
    let trial = history.of(ItemIndex(1)).unwrap();
    assert_eq!((trial.attempts, trial.cause.as_str()), (1, "decode"));
    assert!(history.of(ItemIndex(0)).is_none());
}

#[test]
fn the_latest_events_are_kept_and_all_are_counted() {
    let world = World::new();
    let job = world.submit_with(NewJob::default());
    for _ in 0..70 {
        world.claim();
        world.clock.advance(LEASE);
        world.store().rescue().unwrap();
    }
    let history = world.store().history(job).unwrap();
    assert_eq!((history.events.len(), history.events[0].fence), (64, 7));
    assert_eq!(history.of(ItemIndex(0)).unwrap().losses, 70);
}

#[test]
fn progress_outlives_the_worker_and_goes_with_the_end() {
    let mut world = World::new();
    let job = world.submit();
    let lease = world.claim();
    let progress = Some(r#"{"percent":40}"#.to_owned());
    world
        .store()
        .heartbeat_with(&lease, LEASE, progress.clone())
        .unwrap();
    assert_eq!(
        world.store().activity(job).unwrap().unwrap().progress,
        progress
    );
    let activity = world.reopen().activity(job).unwrap().unwrap();
    assert_eq!(
        (activity.progress, activity.fence, activity.at),
        (progress, lease.fence, START)
    );
    let lease = world.claim();
    let before = world.store().syncs();
    world
        .store()
        .heartbeat_with(&lease, LEASE, Some("{}".to_owned()))
        .unwrap();
    assert_eq!(world.store().syncs(), before, "it costs no sync");
    world.finish(&lease, Event::Succeeded);
    assert_eq!(world.store().activity(job).unwrap(), None);
}

#[test]
fn a_job_that_is_forgotten_leaves_no_history() {
    let world = World::new();
    let job = world.submit();
    world.claim();
    world.clock.advance(LEASE);
    world.store().rescue().unwrap();
    world.finish(&world.claim(), Event::Succeeded);
    world.clock.advance(SECOND);
    assert_eq!(world.store().prune(world.clock.now(), 1).unwrap(), 1);
    assert_eq!(world.store().history(job).unwrap(), Default::default());
}
