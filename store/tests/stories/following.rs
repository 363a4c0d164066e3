//! Jobs that do the same work: one runs, the others wait for it and take over what it came to.

use opmill_store::{Enqueued, Event, JobId, JobState, NewJob, Next, Priority};

use crate::common::{ALL_DONE, LEASE, MINUTE, START, World, done};

fn work() -> NewJob {
    NewJob {
        commands: 2,
        work: Some("the same".to_owned()),
        ..NewJob::default()
    }
}

fn submit(world: &World, job: NewJob) -> Enqueued {
    world.store().enqueue(job).unwrap()
}

fn complete(world: &World) -> JobId {
    let lease = world.claim();
    let results = vec![done(0), done(1)];
    world
        .store()
        .finish(&lease, Event::Succeeded, results, vec![], None)
        .unwrap();
    lease.job
}

#[test]
fn a_follower_is_not_claimed_and_takes_over_the_results() {
    let mut world = World::new();
    let leader = submit(&world, work()).id;
    let follower = submit(&world, work());
    assert_eq!(follower.follows, Some(leader));
    assert_eq!(complete(&world), leader);
    assert!(world.try_claim().is_none(), "it waits for its leader");
    let store = world.reopen();
    assert_eq!(store.landed().unwrap(), [leader]);
    assert_eq!(store.followers(leader).unwrap(), [follower.id]);
    let results = vec![done(0), done(1)];
    let answer = || store.answer(follower.id, leader, results.clone(), vec![ALL_DONE]);
    assert!(answer().unwrap());
    assert!(!answer().unwrap(), "once");
    assert_eq!(world.items(follower.id).len(), 2);
    assert_eq!(world.deliveries(follower.id).len(), 1);
    let job = world.job(follower.id);
    assert_eq!(
        (job.state, job.follows, job.attempts),
        (JobState::Completed, Some(leader), 0)
    );
    assert_eq!(world.store().landed().unwrap(), []);
    // The work is done: who comes now does it anew.
    assert_eq!(submit(&world, work()).follows, None);
}

#[test]
fn nobody_is_answered_by_a_job_that_did_not_complete() {
    let world = World::new();
    let leader = submit(&world, work()).id;
    let [first, second] = [(); 2].map(|()| submit(&world, work()).id);
    let lease = world.claim();
    assert!(
        !world.store().answer(first, leader, vec![], vec![]).unwrap(),
        "it runs yet"
    );
    world.finish(&lease, Event::Failed(Next::GiveUp));
    assert!(!world.store().answer(first, leader, vec![], vec![]).unwrap());
    for follower in [first, second] {
        assert!(world.store().release(follower, leader).unwrap());
    }
    assert_eq!(
        world.job(second).follows,
        Some(first),
        "the first of them leads"
    );
    assert_eq!(complete(&world), first);
    assert!(world.try_claim().is_none());
}

#[test]
fn a_cancelled_follower_leaves_the_others_and_a_cancelled_leader_sets_them_free() {
    let world = World::new();
    let leader = submit(&world, work()).id;
    let [first, second] = [(); 2].map(|()| submit(&world, work()).id);
    world.store().cancel(first, vec![]).unwrap();
    assert_eq!(world.state(first), JobState::Cancelled);
    assert_eq!(world.store().followers(leader).unwrap(), [second]);
    world.store().cancel(leader, vec![]).unwrap();
    assert_eq!(world.store().landed().unwrap(), [leader]);
    assert!(world.store().release(second, leader).unwrap());
    assert_eq!(complete(&world), second);
}

#[test]
fn a_leader_that_is_lost_or_fails_is_waited_for() {
    let mut world = World::new();
    let leader = submit(&world, work()).id;
    world.claim();
    world.reopen();
    assert_eq!(
        submit(&world, work()).follows,
        Some(leader),
        "its worker was lost"
    );
    let lease = world.claim();
    world.finish(&lease, Event::Failed(Next::RetryAt(START.plus(MINUTE))));
    assert_eq!(
        submit(&world, work()).follows,
        Some(leader),
        "it is to be repeated"
    );
    world.clock.advance(MINUTE);
    world.store().promote().unwrap();
    assert_eq!(complete(&world), leader);
}

#[test]
fn who_is_in_more_of_a_hurry_goes_first_and_leads() {
    let world = World::new();
    let patient = submit(&world, work()).id;
    let urgent = NewJob {
        priority: Priority::new(0),
        ..work()
    };
    let urgent = submit(&world, urgent);
    assert_eq!(urgent.follows, None);
    assert_eq!(world.job(patient).follows, Some(urgent.id));
    assert_eq!(submit(&world, work()).follows, Some(urgent.id));
    assert_eq!(complete(&world), urgent.id);
    assert!(world.try_claim().is_none());
}

#[test]
fn what_is_to_be_done_anew_or_later_follows_nobody() {
    let world = World::new();
    let later = NewJob {
        due: Some(START.plus(MINUTE)),
        ..work()
    };
    assert_eq!(submit(&world, later.clone()).follows, None);
    let now = submit(&world, work());
    assert_eq!(now.follows, None, "it does not wait for what is not due");
    let anew = NewJob {
        anew: true,
        ..work()
    };
    assert_eq!(submit(&world, anew).follows, None);
    assert_eq!(submit(&world, later).follows, None);
    let other = NewJob {
        work: Some("another".to_owned()),
        ..work()
    };
    assert_eq!(submit(&world, other).follows, None);
}

#[test]
fn a_job_that_may_only_follow_is_not_kept_without_a_leader() {
    let world = World::new();
    assert_eq!(world.store().enqueue_following(work()).unwrap(), None);
    assert_eq!(world.store().jobs(None, 9).unwrap(), []);
    let leader = submit(&world, work()).id;
    let follower = world.store().enqueue_following(work()).unwrap().unwrap();
    assert_eq!(follower.follows, Some(leader));
}

#[test]
fn a_claim_can_name_its_job() {
    let world = World::new();
    let [first, second] = [(); 2].map(|()| world.submit());
    let store = world.store();
    let next = |passed: &[JobId]| {
        let passed = passed.iter().copied().collect();
        let next = store.next_in_turn(&Default::default(), &passed).unwrap();
        next.map(|job| job.id)
    };
    assert_eq!(
        [next(&[]), next(&[first]), next(&[first, second])],
        [Some(first), Some(second), None]
    );
    let worker = opmill_store::WorkerId::new("w");
    let claim = |id| {
        store
            .claim_job(id, &worker, LEASE, &Default::default())
            .unwrap()
    };
    assert_eq!(claim(second).unwrap().0.job, second);
    assert!(claim(second).is_none(), "it runs already");
    store.pause(None).unwrap();
    assert!(claim(first).is_none(), "nothing may begin");
}
