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

/// Whatever happens to them, of equal jobs at most one runs at a time, and each comes to an end.
#[test]
fn however_it_goes_one_runs_and_all_end() {
    for seed in 1..=12u64 {
        let mut chance = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut below = |limit: usize| {
            chance ^= chance << 13;
            chance ^= chance >> 7;
            chance ^= chance << 17;
            (chance % limit as u64) as usize
        };
        let mut world = World::new();
        let (mut jobs, mut running) = (Vec::<JobId>::new(), Vec::new());
        for step in 0..120 {
            match below(8) {
                // Two kinds of work, alike in everything else.
                0..=2 => {
                    let kind = Some(format!("work {}", below(2)));
                    let spec = kind.clone().unwrap_or_default();
                    jobs.push(
                        submit(
                            &world,
                            NewJob {
                                work: kind,
                                spec,
                                ..work()
                            },
                        )
                        .id,
                    );
                }
                3 => running.extend(world.try_claim().map(|(lease, _)| lease)),
                4 | 5 if !running.is_empty() => {
                    let lease = running.swap_remove(below(running.len()));
                    let event = match below(3) {
                        0 => Event::Failed(Next::GiveUp),
                        1 => Event::Interrupted,
                        _ => Event::Succeeded,
                    };
                    world.finish(&lease, event);
                }
                6 if !jobs.is_empty() => {
                    let job = jobs[below(jobs.len())];
                    world.store().cancel(job, vec![]).unwrap();
                    // A worker that is asked to stop does so at once.
                    if let Some(place) = running.iter().position(|lease| lease.job == job) {
                        world.finish(&running.swap_remove(place), Event::Cancelled);
                    }
                }
                7 if below(4) == 0 => {
                    running.clear();
                    world.reopen();
                }
                _ => look_after(&world),
            }
            let mut at_work: Vec<_> = running
                .iter()
                .map(|lease| world.job(lease.job).spec)
                .collect();
            at_work.sort();
            let before = at_work.len();
            at_work.dedup();
            assert_eq!(at_work.len(), before, "seed {seed}, step {step}");
        }
        for lease in running.drain(..) {
            world.finish(&lease, Event::Interrupted);
        }
        loop {
            look_after(&world);
            let Some((lease, _)) = world.try_claim() else {
                break;
            };
            world.finish(&lease, Event::Succeeded);
        }
        for job in jobs {
            assert!(
                world.state(job).is_final(),
                "seed {seed}: {:?}",
                world.job(job)
            );
        }
    }
}

/// What the engine does when a job has landed.
fn look_after(world: &World) {
    let store = world.store();
    loop {
        let landed = store.landed().unwrap();
        if landed.is_empty() {
            return;
        }
        for leader in landed {
            for follower in store.followers(leader).unwrap() {
                let answered = store.answer(follower, leader, vec![], vec![]).unwrap();
                assert_ne!(answered, store.release(follower, leader).unwrap());
            }
        }
    }
}
