//! How often a command was tried, what went wrong and how far it was: durable, and shown by whoever reads the store next.

use std::fs;

use opmill_engine::{Cause, Engine, ItemStatus, JobState};

use crate::script::{Act, Script};
use crate::world::{LEASE, Seed, World, a_moment, soon};

#[tokio::test]
async fn attempts_errors_and_causes_outlast_the_process() {
    let script = Script::new(|run| match run.index {
        1 => Act::Transient("the disk is full"),
        _ => Act::Write("x".to_owned()),
    });
    let world = World::start(script).await;
    let mut events = world.events();
    let id = world
        .submit("avthumb/mp4|saveas/out:a;vframe/jpg|saveas/out:b;vframe/jpg/w/1921")
        .await;
    let (at, _) = events.retrying().await;
    let world = world.kill_and_reopen(Script::stall_on(1)).await;
    let job = world.job(id).await;
    let [done, waiting, refused] = &job.items[..] else {
        panic!("{job:?}")
    };
    assert_eq!(
        (done.attempts, done.cause, done.last_error.as_deref()),
        (1, None, None)
    );
    assert_eq!((waiting.status, waiting.attempts), (ItemStatus::Pending, 1));
    assert_eq!(
        (waiting.cause, waiting.last_error.as_deref()),
        (Some(Cause::Other), Some("the disk is full"))
    );
    assert_eq!(
        (refused.attempts, refused.cause),
        (1, Some(Cause::Parameter))
    );
    assert_eq!(
        (job.last_error.as_deref(), job.cause),
        (Some("command 2: the disk is full"), Some(Cause::Other))
    );

    world.clock.advance_to(at);
    world.script.stalled(1).await;
    let running = world.job(id).await;
    assert_eq!(
        (running.items[1].status, running.items[1].attempts),
        (ItemStatus::Running, 2)
    );
    world.script.release(1);
    let job = world.end(id).await;
    assert_eq!(
        (
            job.items[1].attempts,
            job.items[1].last_error.as_deref(),
            job.items[1].error()
        ),
        (2, Some("the disk is full"), None),
        "what went wrong on the way is still told"
    );
}

#[tokio::test]
async fn the_cause_of_a_refused_write_is_storage() {
    let world = Seed::new(Script::succeed())
        .config(|config| config.retry.attempts = 1)
        .start()
        .await;
    let out = world.dir().join("results");
    fs::write(&out, "in the way").unwrap();
    let spec = world.spec("avthumb/mp4|saveas/b:o.mp4").out(&out);
    let id = world.submit_spec(spec).await;
    let job = world.end(id).await;
    assert_eq!(
        (job.cause, job.items[0].cause),
        (Some(Cause::Storage), Some(Cause::Storage))
    );
    assert_eq!((job.items[0].attempts, job.attempts), (1, 1));
    let again = world.reopen(Script::succeed()).await;
    assert_eq!(again.job(id).await.items[0].cause, Some(Cause::Storage));
}

#[tokio::test]
async fn progress_is_seen_at_once_and_kept_with_the_heartbeat() {
    let script = Script::new(|_| Act::Reach(2.5, Box::new(Act::stall("x"))));
    let world = World::start(script).await;
    let id = world.submit("avthumb/mp4").await;
    world.script.stalled(1).await;
    let percent = |job: &opmill_engine::Job| job.items[0].progress.and_then(|now| now.percent);
    let job = world.job(id).await;
    assert_eq!(percent(&job), Some(25.0), "nobody waits for a heartbeat");
    let JobState::Running(first) = job.state else {
        panic!("{job:?}")
    };
    let syncs = world.engine.syncs();
    world.clock.advance(LEASE / 3);
    soon(async {
        while matches!(world.job(id).await.state, JobState::Running(lease) if lease.expires == first.expires) {
            a_moment().await;
        }
    })
    .await;
    assert_eq!(world.engine.syncs(), syncs, "it costs no sync");

    // The process dies; another one only looks.
    let seed = world.kill().await;
    let idle = Engine::open_idle(seed.config.clone()).await.unwrap();
    let job = idle.job(id).await.unwrap().unwrap();
    assert_eq!(
        (job.state.clone(), percent(&job)),
        (JobState::Available, Some(25.0))
    );
    idle.shutdown().await.unwrap();
    let world = seed.script(Script::succeed()).start().await;
    assert_eq!(percent(&world.end(id).await), None, "it is done");
}
