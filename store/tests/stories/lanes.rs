//! Who goes first, and who does not go at all for a while.

use opmill_store::{JobId, Limits, NewJob, Priority, WorkerId};

use crate::common::{LEASE, MINUTE, SECOND, World};

fn job(lane: &str, rank: u8) -> NewJob {
    NewJob {
        lane: lane.to_owned(),
        priority: Priority::new(rank),
        ..NewJob::default()
    }
}

fn claimed(world: &World) -> Vec<JobId> {
    std::iter::from_fn(|| world.try_claim())
        .map(|(lease, _)| lease.job)
        .collect()
}

/// A rank is worth a minute: what matters less comes late, and not never.
#[test]
fn a_job_that_waited_overtakes_those_that_matter_more() {
    let world = World::new();
    let patient = world.submit_with(job("films", 102));
    world.clock.advance(MINUTE);
    let early = world.submit_with(job("films", 100));
    world.clock.advance(MINUTE + SECOND);
    let late = world.submit_with(job("songs", 100));
    assert_eq!(claimed(&world), [early, patient, late]);
}

#[test]
fn a_paused_lane_waits_and_the_others_go_on() {
    let mut world = World::new();
    let film = world.submit_with(job("films", 100));
    let song = world.submit_with(job("songs", 100));
    world.store().pause(Some("films")).unwrap();
    world.reopen();
    assert_eq!(claimed(&world), [song], "a restart does not end a pause");
    assert!(world.store().resume(Some("films")).unwrap());
    assert!(!world.store().resume(Some("films")).unwrap());
    assert_eq!(claimed(&world), [film]);
}

#[test]
fn when_everything_is_paused_running_jobs_may_still_end() {
    let world = World::new();
    let running = world.submit_with(job("films", 100));
    let lease = world.claim();
    let waiting = world.submit_with(job("films", 100));
    world.store().pause(None).unwrap();
    assert_eq!(claimed(&world), []);
    assert!(world.store().paused().unwrap().holds("any lane"));
    world.finish(&lease, opmill_store::Event::Succeeded);
    assert!(world.job(running).state.is_final());
    world.store().resume(None).unwrap();
    assert_eq!(claimed(&world), [waiting]);
}

#[test]
fn of_a_limited_lane_only_so_many_run() {
    let world = World::new();
    let films: Vec<_> = (0..3)
        .map(|_| world.submit_with(job("films", 100)))
        .collect();
    let song = world.submit_with(job("songs", 200));
    let limits = Limits::from([("films".to_owned(), 2)]);
    let next = || {
        let worker = WorkerId::new("worker");
        world.store().claim_within(&worker, LEASE, &limits).unwrap()
    };
    let first = next().unwrap().0;
    assert_eq!(next().unwrap().0.job, films[1]);
    assert_eq!(next().unwrap().0.job, song, "the lane is full");
    assert!(next().is_none());
    world.finish(&first, opmill_store::Event::Succeeded);
    assert_eq!(next().unwrap().0.job, films[2]);
}

#[test]
fn a_lane_that_cannot_be_a_key_is_refused() {
    let world = World::new();
    for lane in ["a\0b".to_owned(), "x".repeat(256)] {
        assert!(world.store().enqueue(job(&lane, 100)).is_err());
    }
    assert_eq!(world.store().counts().unwrap().available, 0);
}
