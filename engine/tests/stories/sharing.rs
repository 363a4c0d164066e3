//! Equal work is done once: who comes while it is under way gets the results, as a job of its own.

use std::fs;

use opmill_engine::{CancelOutcome, EngineError, ItemStatus, JobSpec, JobState};

use crate::script::{Act, Script};
use crate::world::{RECEIVER, Seed, World, soon};

const OPS: &str = "avthumb/mp4/s/640x360|saveas/out:a;vframe/jpg|saveas/out:b";
/// The same, as another hand writes it.
const SAME: &str = " avthumb/mp4/s/640x360 | saveas/b3V0OmE= ;vframe/jpg|saveas/out:b";

#[tokio::test]
async fn two_equal_jobs_run_once_and_both_get_the_results() {
    let world = World::start(Script::stall_on(0)).await;
    let first = world.submit_spec(world.spec(OPS).notify(RECEIVER)).await;
    world.script.stalled(1).await;
    let mut events = world.events();
    // One result of the first job is at its target by then.
    events.item().await;
    let second = world.spec(SAME).notify(RECEIVER).separate(true);
    let second = world.submit_spec(second).await;
    assert_ne!(first, second, "each has its own id");
    let waiting = world.job(second).await;
    assert_eq!(
        (waiting.state, waiting.follows),
        (JobState::Available, Some(first))
    );
    assert_eq!(waiting.items[1].status, ItemStatus::Pending);
    world.script.release(0);
    let (first, second) = (world.end(first).await, world.end(second).await);
    assert_eq!(world.script.runs().len(), 2, "each command ran once");
    assert!(first.succeeded() && second.succeeded(), "{second:?}");
    assert_eq!((second.follows, second.attempts), (Some(first.id), 0));
    for (mine, theirs) in second.items.iter().zip(&first.items) {
        assert_eq!(
            (&mine.body.hash, &mine.body.key),
            (&theirs.body.hash, &theirs.body.key)
        );
    }
    assert_eq!(
        second.items[0].command(),
        "avthumb/mp4/s/640x360 | saveas/b3V0OmE="
    );
    soon(world.engine.settle(first.id)).await.unwrap();
    soon(world.engine.settle(second.id)).await.unwrap();
    let told = |id: opmill_engine::JobId| {
        world
            .receiver
            .notifications()
            .iter()
            .filter(|n| n.id == id.to_string())
            .count()
    };
    assert_eq!(
        (told(first.id), told(second.id)),
        (1, 2),
        "each tells as it was asked to"
    );
}

#[tokio::test]
async fn what_cannot_succeed_fails_for_both() {
    let script = Script::new(|run| match run.index {
        0 => Act::Stall(Box::new(Act::Permanent("undecodable"))),
        _ => Act::Write("x".to_owned()),
    });
    let world = World::start(script).await;
    let first = world.submit(OPS).await;
    world.script.stalled(1).await;
    let second = world.submit(OPS).await;
    world.script.release(0);
    let (first, second) = (world.end(first).await, world.end(second).await);
    assert_eq!(second.state, JobState::Completed);
    assert_eq!(second.items[0].error(), Some("undecodable"));
    assert_eq!(second.items[0].cause, first.items[0].cause);
    assert_eq!(world.script.runs().len(), 2);
}

#[tokio::test]
async fn cancelling_one_leaves_the_other() {
    let world = World::start(Script::stall_on(0)).await;
    let leader = world.submit(OPS).await;
    world.script.stalled(1).await;
    let [first, second] = [world.submit(OPS).await, world.submit(OPS).await];
    assert_eq!(
        world.engine.cancel(first).await.unwrap(),
        CancelOutcome::Cancelled
    );
    assert_eq!(world.end(first).await.state, JobState::Cancelled);
    assert!(matches!(
        world.job(leader).await.state,
        JobState::Running(_)
    ));
    assert_eq!(world.job(second).await.follows, Some(leader));

    assert_eq!(
        world.engine.cancel(leader).await.unwrap(),
        CancelOutcome::Requested
    );
    assert_eq!(world.end(leader).await.state, JobState::Cancelled);
    // The follower does the work itself.
    world.script.stalled(2).await;
    assert_eq!(world.job(second).await.follows, None);
    world.script.release(0);
    let second = world.end(second).await;
    assert!(second.succeeded() && second.attempts == 1, "{second:?}");
}

#[tokio::test]
async fn a_follower_of_a_job_that_is_given_up_tries_for_itself() {
    let script = Script::new(|run| match run.run {
        1 => Act::Stall(Box::new(Act::Transient("the disk is full"))),
        _ => Act::Write("x".to_owned()),
    });
    let world = Seed::new(script.clone())
        .config(|config| config.retry.attempts = 1)
        .start()
        .await;
    let leader = world.submit("avthumb/mp4").await;
    world.script.stalled(1).await;
    let follower = world.submit("avthumb/mp4").await;
    world.script.release(0);
    assert_eq!(world.end(leader).await.state, JobState::Discarded);
    let follower = world.end(follower).await;
    assert_eq!(
        (follower.state, follower.attempts),
        (JobState::Discarded, 1),
        "by itself"
    );
}

/// Both processes die between the end of the leader and its follower's; the next start answers it.
#[tokio::test]
async fn followers_survive_their_process() {
    let world = World::start(Script::stall_on(0)).await;
    let leader = world.submit(OPS).await;
    world.script.stalled(1).await;
    let follower = world.submit(OPS).await;
    let world = world.kill_and_reopen(Script::succeed()).await;
    let (leader, follower) = (world.end(leader).await, world.end(follower).await);
    assert!(leader.succeeded() && follower.succeeded());
    assert_eq!((follower.follows, follower.attempts), (Some(leader.id), 0));
    assert_eq!(
        world
            .script
            .runs()
            .iter()
            .filter(|(index, _)| *index == 0)
            .count(),
        1
    );
}

#[tokio::test]
async fn what_differs_is_not_shared() {
    let world = Seed::new(Script::stall_on(0))
        .config(|config| config.workers.jobs = 8)
        .start()
        .await;
    let first = world.submit("avthumb/mp4").await;
    world.script.stalled(1).await;
    let follows = async |spec: JobSpec| {
        let id = world.submit_spec(spec).await;
        world.job(id).await.follows
    };
    let same = || world.spec("avthumb/mp4");
    assert_eq!(follows(same()).await, Some(first));
    assert_eq!(
        follows(world.spec("avthumb/mp4|saveas/out:x")).await,
        None,
        "another target"
    );
    assert_eq!(
        follows(same().out(world.dir().join("o"))).await,
        None,
        "another folder"
    );
    assert_eq!(follows(same().explain(true)).await, None, "other words");
    assert_eq!(follows(same().force(true)).await, None, "anew, by force");
    // The source is another one by now, under its old name.
    let source = world.object("bkt", "v.mp4");
    fs::write(world.dir().join("new"), "9876543210").unwrap();
    fs::rename(world.dir().join("new"), source).unwrap();
    assert_eq!(follows(same()).await, None);
    world.script.release(0);
    // When it is done, it is done: a job that comes now runs, and is refused if it would overwrite.
    let last = world.submit("avthumb/mov|saveas/out:y").await;
    world.end(last).await;
    let again = world
        .engine
        .submit(world.spec("avthumb/mov|saveas/out:y"))
        .await;
    assert!(
        matches!(again, Err(EngineError::TargetExists { .. })),
        "{again:?}"
    );
}
